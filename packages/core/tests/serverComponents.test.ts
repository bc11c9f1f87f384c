import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url).pathname
const made = mkdtempSync(join(tmpdir(), 'cb-rsc-'))

afterAll(() => rmSync(made, { recursive: true }))

const PACKAGES = ['core', 'mui']
const isClient = (code: string): boolean => /^['"]use client['"]/.test(code.trimStart())

/** `./dist/react/index.js` → where its source is. */
function sourceOf(name: string, target: string): string {
  return join(root, 'packages', name, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))
}

const entries = PACKAGES.flatMap(name => {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  return Object.entries(exports as Record<string, { default: string }>)
    .filter(([entry]) => entry !== './package.json')
    .map(([entry, target]) => [`@channels-binding/${name}${entry.slice(1)}`, sourceOf(name, target.default)] as const)
})

/** An entry as a bundler gives it to server components: what is behind 'use client' is not part of it. */
async function bundled(file: string): Promise<string> {
  const { rolldown } = await import('rolldown')
  const boundary = {
    name: 'client-boundary',
    transform: (code: string) => (isClient(code) ? { code: 'export const isClientReference = true' } : null),
  }
  const bundle = await rolldown({
    input: file,
    plugins: [boundary],
    external: [/^react/, /^@tanstack\//, /^@mui\//],
    resolve: {
      extensionAlias: { '.js': ['.ts', '.tsx', '.js'] },
      conditionNames: ['react-server', 'import', 'default'],
    },
    logLevel: 'silent',
  })
  const { output } = await bundle.generate({ format: 'es', codeSplitting: false })
  return output[0].code
}

it.each(entries)('can be imported by a server component, and opens nothing there: %s', async (name, file) => {
  const code = await bundled(file)
  expect(code, 'React itself is behind the boundary').not.toMatch(/from ["'](react|@tanstack|@mui)/)
  const path = join(made, `${name.replaceAll('/', '-')}.mjs`)
  writeFileSync(path, code)
})

it('runs where React is that of the server, without a socket, a request, a database or a timer', () => {
  const files = entries.map(([name]) => join(made, `${name.replaceAll('/', '-')}.mjs`))
  const program = `
    const used = []
    for (const name of ['WebSocket', 'fetch', 'indexedDB', 'setTimeout', 'setInterval', 'addEventListener', 'localStorage'])
      Object.defineProperty(globalThis, name, { configurable: true, get() { used.push(name); return () => 0 } })
    const found = []
    for (const file of ${JSON.stringify(files)}) found.push(Object.keys(await import(file)).length)
    const { ChannelsClient } = await import(${JSON.stringify(files[0])})
    new ChannelsClient().getState()
    process.stdout.write(JSON.stringify({ used, found }))`
  const text = execFileSync('node', ['--conditions=react-server', '--input-type=module', '-e', program], {
    encoding: 'utf8',
  })
  const { used, found } = JSON.parse(text)
  expect(used).toEqual([])
  expect(found).toHaveLength(entries.length)
  expect(Math.min(...found)).toBeGreaterThan(0)
})

// Empty projects with the packages as they are released: each is installed from the tarballs, and built. Not a part of `make test`: it
// installs Next and Vite (some 400 MB, some minutes).
//
//   npm run projects               both
//   npm run projects -- next       one of them
//   npm run projects -- react=18   with React 18; mui=7 with Material UI 7
//
// Next's page is also served: its server components must come out as HTML, nothing may have been asked of a server, and Next may warn of
// nothing, neither while it builds nor while it serves.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = new URL('..', import.meta.url).pathname
const PORT = process.env.PORT ?? '8199'
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const ours = names => Object.fromEntries(names.map(name => [name, devDependencies[name]]))

const wanted = process.argv.slice(2)
const version = name => wanted.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1)
const [react, mui] = [version('react'), version('mui')]
const REACT = ['react', 'react-dom', '@types/react', '@types/react-dom']
/** Those of the grid and of the pickers are one ahead of Material UI's own before 9. */
const beside = mui === '7' ? '8' : mui
const MUI = { '@mui/material': mui, '@mui/x-data-grid': beside, '@mui/x-date-pickers': beside }
const chosen = {
  ...(react && Object.fromEntries(REACT.map(name => [name, `^${react}.0.0`]))),
  ...(mui && mui !== '9' && Object.fromEntries(Object.entries(MUI).map(([name, major]) => [name, `^${major}.0.0`]))),
}

/** What a page of either has: React, Material UI and what our packages stand on, in the versions of the development. */
const PAGE = ours([
  ...['react', 'react-dom', '@tanstack/react-query', 'react-hook-form', 'dayjs'],
  ...['@mui/material', '@mui/x-data-grid', '@mui/x-date-pickers', '@emotion/react', '@emotion/styled'],
])
const TYPES = ours(['@types/react', '@types/react-dom'])
/** What each kind of project is made with. Next checks types with TypeScript's own compiler, which 7 has not. */
const KINDS = {
  vite: { ...PAGE, ...TYPES, ...chosen, ...ours(['vite', 'typescript']) },
  next: { ...PAGE, ...TYPES, ...chosen, next: '^16.0.0', typescript: '^5.9.0', '@types/node': '^20.0.0' },
}

/** What a command says, in both of its streams. */
function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout + stderr
}

/** Refuses what Next warns of, but that React 18 is old. */
function quiet(said) {
  const warnings = said
    .split('\n')
    .filter(line => /⚠|⨯|\bwarn|\berror\b/i.test(line) && !line.includes('React 18 support'))
  if (warnings.length) throw new Error(`Next warns:\n${warnings.join('\n')}`)
}

function packed(folder) {
  for (const name of ['core', 'mui'])
    run('npm', ['pack', '--silent', '--pack-destination', folder, '--workspace', `@channels-binding/${name}`], ROOT)
  for (const file of readdirSync(folder)) {
    const held = execFileSync('tar', ['tzf', join(folder, file)], { encoding: 'utf8' })
    for (const name of ['README.md', 'LICENSE', 'SKILL.md', 'llms.txt', 'dist/index.js'])
      if (!held.includes(`package/${name}\n`)) throw new Error(`${file} lacks ${name}`)
  }
  return Object.fromEntries(
    readdirSync(folder).map(file => [
      `@channels-binding/${/binding-(core|mui)-/.exec(file)[1]}`,
      `file:${join(folder, file)}`,
    ]),
  )
}

/** What the page of a Next project that was built answers, as HTML. */
async function served(folder) {
  const server = spawn(join(folder, 'node_modules/.bin/next'), ['start', '-p', PORT, '-H', '127.0.0.1'], {
    cwd: folder,
  })
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', text => (said += text))
  try {
    for (let tries = 0; tries < 100; tries++) {
      const answer = await fetch(`http://127.0.0.1:${PORT}/`).catch(() => null)
      if (answer?.ok) {
        const html = await answer.text()
        quiet(said)
        return html
      }
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    throw new Error('next start answers nothing')
  } finally {
    server.kill()
    await once(server, 'exit')
  }
}

function checked(html) {
  const text = html.replaceAll('<!-- -->', '')
  for (const part of ['shop.Product.search is idle, true', 'loading products, idle, 0 others'])
    if (!text.includes(part)) throw new Error(`The page of Next does not say: ${part}`)
}

const named = Object.keys(KINDS).filter(kind => wanted.includes(kind))
const kinds = named.length ? named : Object.keys(KINDS)
const folder = mkdtempSync(join(tmpdir(), 'cb-projects-'))
try {
  const tarballs = packed(mkdtempSync(join(folder, 'packed-')))
  for (const kind of kinds) {
    const project = join(folder, kind)
    cpSync(join(ROOT, 'tools/projects', kind), project, { recursive: true })
    const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ ...manifest, dependencies: { ...KINDS[kind], ...tarballs } }),
    )
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], project)
    const said = run('npm', ['run', '--silent', 'build'], project)
    if (kind === 'next') {
      quiet(said)
      checked(await served(project))
    }
    const installed = name =>
      JSON.parse(readFileSync(join(project, `node_modules/${name}/package.json`), 'utf8')).version
    const versions = `React ${installed('react')}, Material UI ${installed('@mui/material')}`
    console.log(`${kind}, ${versions}: installed from the tarballs, built${kind === 'next' ? ', and served' : ''}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

// Type-checks the TypeScript of the documentation against the packages, in one run of tsc: `npm run snippets`.
// What a block does not import is looked for among the exports of the packages and of React; what is neither are the
// reader's own things, which tools/snippets.d.ts declares. Streams and rows may hold anything: names of options, members
// and components are what is checked.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const WORK = join(ROOT, 'node_modules', '.snippets')
const GENERATED = ['docs/reference/client.md', 'docs/reference/components.md']
const ENTRIES = {
  '@channels-binding/core': 'core/src/index.ts',
  '@channels-binding/core/react': 'core/src/react/index.ts',
  '@channels-binding/core/presence': 'core/src/presence/index.ts',
  '@channels-binding/core/testing': 'core/src/testing/index.ts',
  '@channels-binding/mui': 'mui/src/index.ts',
}
const OTHERS = {
  react: ['useState', 'useEffect', 'useMemo', 'useCallback'],
  '@tanstack/react-query': ['useQuery'],
}

const ELSEWHERE = /^(?:\/\/ page\/|declare module)/ // the tutorial's files (tests/pages/test_tutorial.py), and types of one's own

function exportsOf(file) {
  const text = readFileSync(join(ROOT, 'packages', file), 'utf8')
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gms)].flatMap(([, list]) => list.split(','))
  return lists
    .map(each =>
      each
        .trim()
        .replace(/^type /, '')
        .split(' as ')
        .at(-1)
        .trim(),
    )
    .filter(Boolean)
}

const KNOWN = new Map(Object.entries(OTHERS).flatMap(([from, names]) => names.map(name => [name, from])))
for (const [from, file] of Object.entries(ENTRIES).reverse()) for (const name of exportsOf(file)) KNOWN.set(name, from)

/** A block as a module: imports at the top, the rest in a function where it returns something. */
function moduleOf(block) {
  const whole = block
    .replace(/^ +…$/gm, '  return null')
    .replace(/^…$/gm, '')
    .replaceAll(/…(?=[\s})\]])/g, '/* … */')
    .replace(/^</gm, ';<')
  const imports = whole.match(/^import [^\n]*\n/gm) ?? []
  const code = imports.reduce((text, each) => text.replace(each, '\n'), whole)
  const isMade = name =>
    new RegExp(`(?:import|const|let|function|class|type|interface)\\b[^=\\n(]*\\b${name}\\b`).test(whole)
  const lacking = [...KNOWN].filter(
    ([name]) => new RegExp(`(?:(?<![.\\w'])|(?<=\\.{3}))${name}\\b`).test(code) && !isMade(name),
  )
  const added = lacking.map(([name, from]) => `import { ${name} } from '${from}'\n`)
  const body = /^return /m.test(code) ? `export function Snippet() {\n${code}\n}` : code
  return [...imports, ...added, 'export {}\n', `// ---\n${body}\n`].join('')
}

function blocksOf(page) {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(/^```(tsx?)\n(.*?)^```$/gms)]
    .filter(([, , block]) => !ELSEWHERE.test(block))
    .map(({ 1: kind, 2: block, index }) => ({ kind, block, line: text.slice(0, index).split('\n').length }))
}

rmSync(WORK, { recursive: true, force: true })
mkdirSync(WORK, { recursive: true })
const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true }).map(name => join('docs', name))
const readmes = readdirSync(join(ROOT, 'packages')).map(name => join('packages', name, 'README.md'))
const pages = ['README.md', ...readmes, ...inDocs].filter(
  page => page.endsWith('.md') && existsSync(join(ROOT, page)) && !GENERATED.includes(page),
)
const written = pages.flatMap(page =>
  blocksOf(page).map(({ kind, block, line }) => {
    const name = `${page.replace(/\W+/g, '-')}-${line}.tsx`
    const isScript = kind === 'ts' && !block.includes('</')
    writeFileSync(join(WORK, isScript ? name.replace('.tsx', '.ts') : name), moduleOf(block))
    return { name: name.replace('.tsx', ''), page, line }
  }),
)
const paths = Object.fromEntries(
  [
    ...Object.entries(ENTRIES),
    ...['forms', 'writes', 'persist', 'devtools'].map(each => [
      `@channels-binding/core/${each}`,
      `core/src/${each}/index.ts`,
    ]),
    ['@channels-binding/core/devtools/log', 'core/src/devtools/log.ts'],
    ...['table', 'form', 'pickers', 'languages'].map(each => [
      `@channels-binding/mui/${each}`,
      `mui/src/${each}/index.ts`,
    ]),
  ].map(([from, file]) => [from, [relative(WORK, join(ROOT, 'packages', file))]]),
)
writeFileSync(
  join(WORK, 'tsconfig.json'),
  JSON.stringify({
    extends: relative(WORK, join(ROOT, 'tsconfig.base.json')),
    compilerOptions: {
      noEmit: true,
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      types: ['node'],
      paths,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noUncheckedIndexedAccess: false,
      verbatimModuleSyntax: false,
      noImplicitAny: false,
      module: 'ESNext',
      moduleResolution: 'bundler',
      exactOptionalPropertyTypes: false,
    },
    include: ['*.ts', '*.tsx', relative(WORK, join(ROOT, 'tools', 'snippets.d.ts'))],
  }),
)
const done = spawnSync(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', WORK, '--pretty', 'false'], {
  cwd: ROOT,
  encoding: 'utf8',
})
const places = new Map(written.map(({ name, page, line }) => [name, `${page}:${line}`]))
const place = line => line.replace(/^\S*?([\w-]+-\d+)\.tsx?\((\d+),\d+\)/, (all, name) => places.get(name) ?? all)
const wrong = done.stdout
  .split('\n')
  .filter(line => line.includes('.snippets/') || /^\s/.test(line) || !line.includes(': error '))
const hasRun = done.status === 0 || done.stdout.includes(': error ')
const said = wrong.map(place).join('\n').trim() || (hasRun ? '' : `tsc: ${done.error ?? done.stderr}`)
console.log(said || `${written.length} blocks of ${pages.length} pages: their names and types are right.`)
process.exitCode = said ? 1 : 0

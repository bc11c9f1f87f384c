// What an application loads of each entry of packages/core, as its bundler makes it: everything that the entry exports, tree-shaken,
// minified and gzipped in one piece. React, TanStack Query and what is loaded only when it is needed (HTTP, uploads, diffs) are left out.
//
// Vite brings the bundler. The entry `.` is the whole client, live reads included; what only trouble needs, and what can come while an
// answer is on its way, is loaded later (docs/decisions/0046-what-is-loaded-later.md).
//
//   npm run size            fails where an entry is larger than its budget
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

/** Budgets in bytes, gzipped. One that is raised says in its commit what for. */
const BUDGETS = {
  '.': 7_990,
  './react': 10_850,
  './forms': 200,
  './writes': 3_150,
  './persist': 1_500,
  './presence': 2_500,
  './presence/room': 2_200,
  './devtools': 8_500,
  './devtools/log': 5_500,
}
/** Entries that no application ships. */
const UNMEASURED = new Set(['./testing', './package.json'])
/** What the entry `.` may not bring along. */
const ELSEWHERE = /\/(react|forms|writes|persist|presence|devtools|testing|http)\//

/** What Vite asks of the same bundler for an application, beside `minify`: no notes for another bundler, and `var`. */
const AS_VITE = { comments: { annotation: false, jsdoc: false, legal: false }, topLevelVar: true }

const source = new URL('../packages/core/src/', import.meta.url).pathname
const core = JSON.parse(readFileSync(new URL('../packages/core/package.json', import.meta.url), 'utf8'))

/** `./dist/react/index.js` → `…/src/react/index.ts`. */
const fileOf = path => source + path.replace('./dist/', '').replace(/\.js$/, '.ts')

async function measured(file) {
  const loadedLater = {
    name: 'loaded-later',
    resolveId: {
      order: 'pre',
      handler: (id, _importer, { kind }) => (kind === 'dynamic-import' ? { id, external: true } : null),
    },
  }
  const bundle = await rolldown({
    input: file,
    external: [/^react/, /^@tanstack\//],
    plugins: [loadedLater],
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    logLevel: 'silent',
  })
  const { output } = await bundle.generate({ format: 'es', minify: true, ...AS_VITE })
  const modules = output.flatMap(chunk => Object.keys(chunk.modules ?? {}))
  return { bytes: gzipSync(output[0].code, { level: 9 }).length, chunks: output.length, modules }
}

const wrong = []
for (const [entry, target] of Object.entries(core.exports)) {
  if (UNMEASURED.has(entry)) continue
  const budget = BUDGETS[entry]
  const { bytes, chunks, modules } = await measured(fileOf(target.default))
  console.log(`${entry.padEnd(16)} ${String(bytes).padStart(6)} of ${budget} bytes`)
  if (budget === undefined) wrong.push(`${entry} has no budget in tools/size.mjs`)
  else if (bytes > budget) wrong.push(`${entry} has ${bytes} bytes, ${bytes - budget} too many`)
  if (chunks !== 1) wrong.push(`${entry} is in ${chunks} pieces`)
  const foreign = entry === '.' ? modules.filter(name => ELSEWHERE.test(name.slice(source.length - 1))) : []
  if (foreign.length) wrong.push(`. brings along ${foreign.map(name => name.slice(source.length)).join(', ')}`)
}
for (const line of wrong) console.error(line)
process.exitCode = wrong.length ? 1 : 0

/**
 * Each module by its own test file: `src/x.ts` as covered by `tests/x.test.ts` alone, at least 85 % of each measure.
 *
 *     npm run coverage:each                       every module of both packages
 *     npm run coverage:each -- react/ core/src/c  those with one of these texts in their path
 */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LEAST = 85
const MEASURES = ['lines', 'branches', 'functions', 'statements']

/** Modules without a test file of their own: there is nothing in them that runs. */
const isBare = path => {
  const code = readFileSync(path, 'utf8')
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\/\/.*$/gm, '')
  return !/^\s*(export )?(async )?(function|const|class|let)\b/m.test(code)
}

const testOf = path => {
  const stem = path.replace('/src/', '/tests/').replace(/\.tsx?$/, '')
  return [`${stem}.test.ts`, `${stem}.test.tsx`].find(name => existsSync(name))
}

/** Runs one test file: `{lines: 97.5, …}`, or `null` where it fails. */
async function measure(path, test) {
  const folder = mkdtempSync(join(tmpdir(), 'coverage-'))
  const set = (name, value) => `--coverage.${name}=${value}`
  const thresholds = MEASURES.map(name => set(`thresholds.${name}`, 0))
  const args = ['vitest', 'run', test, '--reporter=dot', '--coverage', set('include', path), ...thresholds]
  const reports = [set('reporter', 'json-summary'), set('reportsDirectory', folder)]
  try {
    const child = spawn('npx', [...args, ...reports], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (said += text))
    const status = await new Promise(resolve => child.on('close', resolve))
    if (status !== 0) return console.log(said) ?? null
    const { total } = JSON.parse(readFileSync(join(folder, 'coverage-summary.json'), 'utf8'))
    return Object.fromEntries(MEASURES.map(name => [name, total[name].pct]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What to say of one module, and whether it is good. */
async function judge(path) {
  const test = testOf(path)
  if (!test) return isBare(path) ? null : [false, 'has no test file of its own']
  const found = await measure(path, test)
  if (!found) return [false, 'its test file fails']
  const isGood = MEASURES.every(name => !(found[name] < LEAST)) // a module without branches has no number
  return [isGood, MEASURES.map(name => `${name} ${found[name]}`).join('  ')]
}

async function main(texts) {
  const folders = ['packages/core/src', 'packages/mui/src']
  const all = folders.flatMap(folder => readdirSync(folder, { recursive: true }).map(name => join(folder, name)))
  const modules = all.filter(path => /\.tsx?$/.test(path)).sort()
  const wanted = modules.filter(path => !texts.length || texts.some(text => path.includes(text)))
  let bad = 0
  for (const path of wanted) {
    const verdict = await judge(path)
    if (!verdict) continue
    const [isGood, text] = verdict
    if (!isGood) bad++
    console.log(`${isGood ? 'ok ' : 'BAD'} ${path}  ${text}`)
  }
  console.log(bad ? `${bad} modules are below ${LEAST} %` : `every module is at ${LEAST} % or more`)
  return bad ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))

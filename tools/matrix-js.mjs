/**
 * The Vitest tests on each promised pair of React and Material UI: a copy of the sources, its own packages, every test; and the types of
 * `packages/core` as an application has them that checks those of its libraries too (`skipLibCheck: false`, `tools/consumer`).
 *
 *     npm run matrix                        every pair
 *     npm run matrix -- react=18 mui=7      one of them
 *     npm run matrix -- mui=7 tests=table   only the test files with `table` in their path
 *
 * The copies are made in the temporary folder and removed; what a pair was installed with is said at the end.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** What the tests need of the sources. */
const SOURCES = [
  'packages/core',
  'packages/mui',
  'spec',
  'tools/consumer',
  'tools/reference.mjs',
  'docs/reference',
  'package.json',
  'vitest.config.ts',
  'tsconfig.base.json',
  '.npmrc',
]

/** What each version is installed with in place of the development versions. */
const REACT = {
  18: { react: '^18.3.0', 'react-dom': '^18.3.0', '@types/react': '^18.3.0', '@types/react-dom': '^18.3.0' },
  19: { react: '^19.3.0', 'react-dom': '^19.3.0', '@types/react': '^19.3.0', '@types/react-dom': '^19.0.0' },
}
// MUI X: 8 goes with Material UI 7, 9 with 9. The newest of both 9 that install is held by package.json.
const MUI = {
  7: { '@mui/material': '^7.3.0', '@mui/x-data-grid': '^8.0.0', '@mui/x-date-pickers': '^8.0.0' },
  9: {},
}
const SHOWN = [
  'react',
  'react-dom',
  '@mui/material',
  '@mui/x-data-grid',
  '@mui/x-date-pickers',
  '@tanstack/react-query',
]

function copySources(folder) {
  const names = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...SOURCES], { cwd: ROOT })
  for (const name of names.toString().trim().split('\n')) cpSync(join(ROOT, name), join(folder, name))
}

/** Names the versions of the pair, and leaves out the workspaces that were not copied. */
function choose(folder, versions) {
  const file = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  manifest.workspaces = ['packages/core', 'packages/mui']
  Object.assign(manifest.devDependencies, versions)
  writeFileSync(file, JSON.stringify(manifest, null, 2))
}

function run(folder, command, args) {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  return status === 0
}

function installed(folder) {
  const versionOf = name => JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
  return SHOWN.map(name => `${name} ${versionOf(name)}`).join(', ')
}

/** Runs one pair: `{isGood, text}`. */
function check(react, mui, tests) {
  const folder = mkdtempSync(join(tmpdir(), `matrix-react${react}-mui${mui}-`))
  try {
    copySources(folder)
    choose(folder, { ...REACT[react], ...MUI[mui] })
    if (!run(folder, 'npm', ['install', '--no-package-lock', '--loglevel=error']))
      return { isGood: false, text: 'does not install' }
    const text = installed(folder)
    console.log(`React ${react}, MUI ${mui}: ${text}`)
    if (!run(folder, 'npm', ['run', '--silent', 'build', '-w', '@channels-binding/core']))
      return { isGood: false, text }
    const areTypesGood = run(folder, 'npx', ['tsc', '-p', 'tools/consumer'])
    return { isGood: run(folder, 'npx', ['vitest', 'run', '--reporter=dot', ...tests]) && areTypesGood, text }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function main(args) {
  const asked = Object.fromEntries(args.map(arg => arg.split('=')))
  const chosen = (all, name) => Object.keys(all).filter(version => !asked[name] || asked[name] === version)
  const tests = asked.tests ? asked.tests.split(',') : []
  const pairs = chosen(REACT, 'react').flatMap(react => chosen(MUI, 'mui').map(mui => [react, mui]))
  if (!pairs.length) throw new Error(`No such pair; there are react=${Object.keys(REACT)} and mui=${Object.keys(MUI)}.`)
  const results = pairs.map(([react, mui]) => ({ react, mui, ...check(react, mui, tests) }))
  for (const { react, mui, isGood, text } of results)
    console.log(`${isGood ? 'passed' : 'FAILED'}  React ${react}, MUI ${mui}: ${text}`)
  return results.every(({ isGood }) => isGood) ? 0 : 1
}

process.exitCode = main(process.argv.slice(2))

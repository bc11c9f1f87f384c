import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as react from '@channels-binding/core/react'
import { expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url).pathname
const page = readFileSync(`${root}docs/reference/client.md`, 'utf8')

it('is as the source says it', () => {
  execFileSync('node', ['tools/reference.mjs', 'core', '--check'], { cwd: root })
}, 120_000)

it('has every hook, and every option of a client with what it means', () => {
  const readme = readFileSync(`${root}packages/core/README.md`, 'utf8')
  for (const name of Object.keys(react)) expect(page).toContain(`### ${name}\n`)
  for (const name of Object.keys(react).filter(name => name.startsWith('use')))
    expect(readme).toContain(`[\`${name}\`](../../docs/reference/client.md#${name.toLowerCase()})`)
  const options = page.slice(page.indexOf('### ClientOptions'), page.indexOf('### ClientStats'))
  const rows = [...options.matchAll(/^\| `(\w+)\?[^|]*(?:\\\|[^|]*)*\| (.*) \|$/gm)]
  expect(rows.length).toBeGreaterThan(14)
  for (const [, name, meaning] of rows) expect(meaning, name).not.toBe('')
})

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as mui from '@channels-binding/mui'
import * as pickers from '@channels-binding/mui/pickers'
import { expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url).pathname
const page = readFileSync(`${root}docs/reference/components.md`, 'utf8')

it('is as the source says it', () => {
  execFileSync('node', ['tools/reference.mjs', 'mui', '--check'], { cwd: root })
}, 120_000)

it('has every component, and every prop of tables and forms with what it means', () => {
  for (const name of [...Object.keys(mui), ...Object.keys(pickers)]) expect(page).toContain(`### ${name}\n`)
  for (const [name, next] of [
    ['BindingTableProps', 'BulkAction'],
    ['BindingFormProps', 'FieldComponent'],
  ]) {
    const props = page.slice(page.indexOf(`### ${name}\n`), page.indexOf(`### ${next}\n`))
    const rows = [...props.matchAll(/^\| `(\w+)\??:.*` \| (.*) \|$/gm)]
    expect(rows.length).toBeGreaterThan(14)
    for (const [, prop, meaning] of rows) expect(meaning, prop).not.toBe('')
  }
})

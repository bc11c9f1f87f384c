import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as mui from '@channels-binding/mui'
import * as filters from '@channels-binding/mui/filters'
import * as form from '@channels-binding/mui/form'
import * as languages from '@channels-binding/mui/languages'
import * as pickers from '@channels-binding/mui/pickers'
import * as presence from '@channels-binding/mui/presence'
import * as table from '@channels-binding/mui/table'
import { expect, it } from 'vitest'

it('offers what somebody chose', () => {
  expect(Object.keys(table).sort()).toEqual([
    'BindingTable',
    'List',
    'SearchTable',
    'columnOf',
    'columnsOf',
    'useTableState',
    'useUrlState',
  ])
  expect(Object.keys(form).sort()).toEqual([
    'BindingForm',
    'Form',
    'InvalidValue',
    'ModelAutocomplete',
    'componentOf',
    'registerField',
  ])
  expect(Object.keys(filters).sort()).toEqual(['FilterChips', 'FilterPanel'])
  expect(Object.keys(languages).sort()).toEqual(['TextsProvider', 'de'])
  expect(Object.keys(presence)).toEqual(['PresenceAvatars'])
  expect(Object.keys(pickers).sort()).toEqual([
    'DatePickerField',
    'DateTimePickerField',
    'TimePickerField',
    'registerPickers',
  ])
  const own = [
    'ConflictDialog',
    'ConnectionStatus',
    'CreateModal',
    'DeleteModal',
    'FormModal',
    'PresenceAvatars',
    'RetrieveModal',
    'SearchBar',
    'TextsProvider',
    'UpdateModal',
    'textOf',
    'useUrlModal',
  ]
  expect(Object.keys(mui).sort()).toEqual(
    [...own, ...Object.keys(table), ...Object.keys(form), ...Object.keys(filters)].sort(),
  )
})

it('uses only the public entries of core, and the grid and the pickers only in their own folders', () => {
  const source = join(import.meta.dirname, '../src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => /\.tsx?$/.test(name))
  expect(files.length).toBeGreaterThan(20)
  for (const name of files) {
    const text = readFileSync(join(source, name), 'utf8')
    for (const [, target = ''] of text.matchAll(/from '([^']+)'/g)) {
      if (target.includes('core'))
        expect(target, name).toMatch(/^@channels-binding\/core(\/react|\/forms|\/writes|\/presence)?$/)
      if (target.includes('x-data-grid')) expect(name).toMatch(/^table\//)
      if (target.includes('x-date-pickers') || target === 'dayjs') expect(name).toMatch(/^pickers\//)
    }
  }
})

import { act, screen } from '@testing-library/react'
import type { JSX } from 'react'
import { afterEach, expect, it } from 'vitest'
import { CONFLICT_TEXTS } from '../../src/conflictTexts.js'
import { FILTER_TEXTS } from '../../src/filters/texts.js'
import { FORMSET_TEXTS } from '../../src/form/formsetTexts.js'
import { FORM_TEXTS } from '../../src/form/formTexts.js'
import { BindingForm, BindingTable, ConnectionStatus, TextsProvider } from '../../src/index.js'
import { de } from '../../src/languages/index.js'
import { MODAL_TEXTS } from '../../src/modalTexts.js'
import { STATUS_TEXTS } from '../../src/statusTexts.js'
import { TABLE_TEXTS } from '../../src/table/texts.js'
import { field } from '../field.js'
import { stage, TICKETS } from '../helpers.js'

const ENGLISH = {
  conflict: CONFLICT_TEXTS,
  filters: FILTER_TEXTS,
  form: FORM_TEXTS,
  formset: FORMSET_TEXTS,
  modals: MODAL_TEXTS,
  status: STATUS_TEXTS,
  table: TABLE_TEXTS,
}
const FIELDS = [field({ name: 'title', required: true })]

afterEach(() => document.documentElement.removeAttribute('lang'))

it('speaks the language of the page, what it is given itself, and English where there is nothing else', async () => {
  document.documentElement.lang = 'de-AT'
  const world = stage({ 'desk.Ticket': { rows: [], fields: FIELDS, describe: TICKETS.describe ?? {} } })
  world.show(
    <TextsProvider languages={{ de: { form: { ...de.form, cancel: 'Weg' }, status: { open: 'Da' } } }}>
      <ConnectionStatus showLatency={false} />
      <BindingForm binding="desk.Ticket" onCancel={() => undefined} texts={{ save: 'Los' }} />
      <BindingTable binding="desk.Ticket" texts={{ none: () => 'Nichts.' }} />
    </TextsProvider>,
  )
  expect(await screen.findByRole('button', { name: 'Los' })).toBeInTheDocument()
  expect(screen.getByRole('button', { name: 'Weg' })).toBeInTheDocument()
  expect(await screen.findByText('Da')).toBeInTheDocument()
  expect(await screen.findByText('Nichts.')).toBeInTheDocument()
  await world.user.click(screen.getByRole('button', { name: 'Los' }))
  expect(await screen.findByText(de.form.required)).toBeInTheDocument()
  expect(world.server.requests('form')).toHaveLength(1)
  act(() => {
    document.documentElement.lang = 'fr'
  })
  expect(await screen.findByText(STATUS_TEXTS.open)).toBeInTheDocument()
})

it('speaks the language that it is told', async () => {
  document.documentElement.lang = 'en'
  const world = stage({ 'desk.Ticket': { rows: [], fields: FIELDS } })
  world.show(
    <TextsProvider languages={{ de }} language="de">
      <BindingForm binding="desk.Ticket" />
    </TextsProvider>,
  )
  expect(await screen.findByRole('button', { name: de.form.save })).toBeInTheDocument()
})

it.each(Object.keys(ENGLISH) as (keyof typeof ENGLISH)[])('has all texts of %s in German', kind => {
  const say = (texts: object): Record<string, string> =>
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, typeof text === 'function' ? text('x', 2, 'y') : text]),
    )
  const [english, german] = [say(ENGLISH[kind]), say(de[kind])]
  expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort())
  const same = Object.keys(english).filter(name => typeof english[name] === 'string' && english[name] === german[name])
  expect(same.filter(name => !['open', 'filters', 'export', 'row'].includes(name))).toEqual([])
})

it('finds a language by any case and the nearest name, and says nothing that is undefined', async () => {
  const world = stage({ 'desk.Ticket': { rows: [], fields: FIELDS } })
  const nothing = { cancel: undefined } as unknown as object // what is allowed without exactOptionalPropertyTypes
  const said = (language: string): JSX.Element => (
    <TextsProvider
      languages={{ 'zh-Hant': { form: { save: '儲存' } }, 'pt-BR': { form: { save: 'Salvar', ...nothing } } }}
      language={language}
    >
      <BindingForm binding="desk.Ticket" onCancel={() => undefined} texts={nothing} />
    </TextsProvider>
  )
  const { rerender } = world.show(said('pt-br'))
  expect(await screen.findByRole('button', { name: 'Salvar' })).toBeInTheDocument()
  expect(screen.getByRole('button', { name: FORM_TEXTS.cancel })).toBeInTheDocument()
  rerender(said('zh-Hant-TW'))
  expect(await screen.findByRole('button', { name: '儲存' })).toBeInTheDocument()
  rerender(said('zh'))
  expect(await screen.findByRole('button', { name: FORM_TEXTS.save })).toBeInTheDocument()
})

it.each([
  [de.table.waiting, '1 Änderung wartet.', '2 Änderungen warten.'],
  [de.table.selected, '1 Zeile ist ausgewählt', '2 Zeilen sind ausgewählt'],
  [de.table.changeRows, '1 Zeile ändern', '2 Zeilen ändern'],
  [de.table.removed, '1 Zeile ist gelöscht.', '2 Zeilen sind gelöscht.'],
])('counts in German as in English: one, and several', (say, one, two) => {
  expect([say?.(1), say?.(2)]).toEqual([one, two])
})

it('says in German what was saved, and what was not', () => {
  expect(de.table.bulkDone?.(3, 0, '')).toBe('3 gespeichert.')
  expect(de.table.bulkDone?.(2, 1, 'Belegt.')).toBe('2 gespeichert, 1 nicht: Belegt.')
})

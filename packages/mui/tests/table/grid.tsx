import { BindingTable } from '@channels-binding/mui/table'
import { screen } from '@testing-library/react'
import type { JSX } from 'react'

export type TableProps = Partial<Parameters<typeof BindingTable<string>>[0]>

/** A table without virtualization, for jsdom has no layout. */
export function Table(props: TableProps): JSX.Element {
  return (
    <div style={{ width: 1200, height: 600 }}>
      <BindingTable binding="desk.Ticket" disableVirtualization {...props} />
    </div>
  )
}

/** The cell with this text; found by its text, for roles take jsdom ten times as long. */
export const cell = (text: string): Promise<HTMLElement> =>
  screen.findByText(text, { selector: '[role="gridcell"], [role="gridcell"] *' })
export const header = (text: string): HTMLElement => screen.getByText(text, { selector: '[role="columnheader"] *' })
export const nextPage = (): HTMLElement => screen.getByLabelText(/next page/i)
/** The input of the cell that is being edited. */
export const editor = (): HTMLElement => document.querySelector('[role="gridcell"] input') as HTMLElement
export const titles = (): (string | null)[] =>
  [...document.querySelectorAll('[role="gridcell"][data-field="title"]')].map(element => element.textContent)

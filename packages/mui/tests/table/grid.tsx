import { BindingTable } from '@channels-binding/mui/table'
import { createTheme, ThemeProvider } from '@mui/material/styles'
import { screen } from '@testing-library/react'
import type { JSX, ReactNode } from 'react'

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

/** Components of Material UI by name, with how often each has rendered: a theme's overrides are asked each time. */
export interface Renders {
  readonly counts: Record<string, number>
  readonly Counted: (props: { readonly children: ReactNode }) => JSX.Element
}

export function countRenders(...names: readonly string[]): Renders {
  const counts: Record<string, number> = {}
  const counter = (name: string) => () => {
    counts[name] = (counts[name] ?? 0) + 1
    return {}
  }
  const components = Object.fromEntries(names.map(name => [name, { styleOverrides: { root: counter(name) } }]))
  const theme = createTheme({ components })
  return { counts, Counted: ({ children }) => <ThemeProvider theme={theme}>{children}</ThemeProvider> }
}

import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { tables as filtered } from '../filters/tables.js'
import { type Stage, stage, TICKETS } from '../helpers.js'
import { cell, Table } from './grid.js'

const measures = { votes: ['sum', 'avg', 'median'], price: ['sum', 'max'] } as never
const rows = (TICKETS.rows ?? []).map((row, index) => ({ ...row, price: `${index}00000000000000000.01` }))

async function totals(props: object, table: object = {}): Promise<readonly [Stage, HTMLElement]> {
  const world = stage({ 'desk.Ticket': { ...TICKETS, aggregates: { measures }, ...table } })
  world.show(<Table columns={['title', 'votes']} {...props} />)
  return [world, await screen.findByRole('group', { name: 'Totals' })]
}

it('calls a measure by the heading of its column, else by the name of its field, and rounds means alone', async () => {
  const [, bar] = await totals({ totals: ['count', 'avg:votes', 'max:price'] })
  const mean = (1210 / 3).toLocaleString(undefined, { maximumFractionDigits: 2 })
  await waitFor(() => expect(bar).toHaveTextContent(`Rows 3Ø Votes ${mean}Max Price 10.00`))
})

it('cuts no digit off a decimal that is longer than a number can be', async () => {
  const [, bar] = await totals({ totals: ['max:price'] }, { rows })
  await waitFor(() => expect(bar).toHaveTextContent('200000000000000000.01'))
})

it('is of the rows that the table is narrowed to', async () => {
  const world = stage({ ...filtered, 'desk.Ticket': { ...filtered['desk.Ticket'], aggregates: { measures } } })
  world.show(
    <Table toolbar columns={['title', 'votes']} totals={['sum:votes']} filters={{ status: 'open' }} query="r" />,
  )
  await cell('Printer')
  const bar = await screen.findByRole('group', { name: 'Totals' })
  await waitFor(() => expect(bar).toHaveTextContent((1200).toLocaleString()))
  expect(world.server.requests('aggregate').at(-1)?.data).toMatchObject({ filters: { status: 'open' }, query: 'r' })
})

it('is not there where the stream measures none of it', async () => {
  const { show } = stage({ 'desk.Ticket': TICKETS })
  show(<Table columns={['title', 'votes']} totals={['sum:votes']} />)
  await cell('Printer')
  expect(screen.queryByRole('group', { name: 'Totals' })).not.toBeInTheDocument()
})

it('measures no row whose deletion can still be undone, on whichever page, until that is over', async () => {
  const [world, bar] = await totals({
    ...{ totals: ['count', 'sum:votes', 'avg:votes'], pageSize: 2, order: 'id', selection: true, toolbar: true },
  })
  const shows = async (count: number, votes: number): Promise<void> => {
    const mean = (votes / count).toLocaleString(undefined, { maximumFractionDigits: 2 })
    await waitFor(() => expect(bar).toHaveTextContent(`Rows ${count}Σ Votes ${votes.toLocaleString()}Ø Votes ${mean}`))
  }
  const select = async (): Promise<void> => {
    await world.user.click((await screen.findAllByRole('checkbox', { name: 'Select row' }))[0] as HTMLElement)
  }
  await shows(3, 1210)
  await select()
  await world.user.click(screen.getByRole('button', { name: 'Go to next page' }))
  await cell('Mouse')
  await select()
  await world.user.click(await screen.findByRole('button', { name: 'Delete' }))
  const undo = await screen.findByRole('button', { name: 'Undo' })
  const { votes } = world.server.rows('desk.Ticket')[1] as { votes?: number }
  await shows(1, votes as number)
  expect(world.server.rows('desk.Ticket')).toHaveLength(3)
  await world.user.click(undo)
  await shows(3, 1210)
})

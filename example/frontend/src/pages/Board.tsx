import type { JSX } from 'react'
import { Backstage } from '../backstage/Backstage'
import { Tickets } from '../tickets/Tickets'

/** The tickets, and what happens behind the table. */
export default function Board(): JSX.Element {
  return (
    <>
      <Tickets />
      <Backstage />
    </>
  )
}

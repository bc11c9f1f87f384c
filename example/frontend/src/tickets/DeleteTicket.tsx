import { DeleteModal } from '@channels-binding/mui'
import type { JSX } from 'react'
import type { DeskTicketRow as Ticket } from '../bindings.gen'

interface DeleteTicketProps {
  readonly ticket: Ticket
  readonly onClose: () => void
}

export default function DeleteTicket({ ticket, onClose }: DeleteTicketProps): JSX.Element {
  return <DeleteModal binding="desk.Ticket" id={ticket.id} name={`“${ticket.title}”`} open onClose={onClose} />
}

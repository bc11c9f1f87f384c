import { CreateModal } from '@channels-binding/mui'
import type { JSX } from 'react'
import './pickers'

export default function NewTicket({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return <CreateModal binding="desk.Ticket" title="New ticket" open onClose={onClose} maxWidth="sm" />
}

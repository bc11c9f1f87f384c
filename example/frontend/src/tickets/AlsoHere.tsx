import { PresenceAvatars } from '@channels-binding/mui/presence'
import type { JSX } from 'react'

interface AlsoHereProps {
  readonly ticket: number
  /** What is open here, for the others to see. */
  readonly at: 'form' | 'conversation' | 'page'
}

const DOES = { form: 'looks at the details', conversation: 'reads the conversation', page: 'is on the page' }

/** Who else has this ticket open, and which side of it. */
export function AlsoHere({ ticket, at }: AlsoHereProps): JSX.Element {
  return (
    <PresenceAvatars
      binding="desk.Ticket"
      id={ticket}
      meta={{ at }}
      textOf={({ user, tabs }) => `${user?.username ?? 'Somebody'} ${DOES[tabs.at(-1)?.meta.at ?? 'form']}`}
    />
  )
}

import type { BindingName, SearchParams } from '@channels-binding/core'
import { useConnection, usePending } from '@channels-binding/core/react'
import { type Conflict, conflictOf, Writes } from '@channels-binding/core/writes'
import Alert, { type AlertProps } from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Stack from '@mui/material/Stack'
import { type JSX, type ReactNode, useState } from 'react'
import { serverOf, useStream } from '../stream.js'
import { messagesOf } from '../text.js'
import type { TableRow } from './row.js'
import type { TableTexts } from './texts.js'
import type { Draft } from './useEdits.js'
import { useWhereabouts } from './useHeldRows.js'

interface NoticesProps {
  /** How high what stands below the rows is, in pixels. */
  readonly footer: number
  readonly children: ReactNode
}

/** Stands over the lower edge of the rows, so that nothing moves when it comes or goes, and no page is out of reach. */
export function Notices({ footer, children }: NoticesProps): JSX.Element {
  return (
    <Stack
      spacing={1}
      sx={{
        position: 'absolute',
        zIndex: 5,
        left: 8,
        right: 8,
        bottom: footer + 8,
        pointerEvents: 'none',
        alignItems: 'center',
        '& > *': { pointerEvents: 'auto', boxShadow: 4, maxWidth: '100%' },
      }}
    >
      {children}
    </Stack>
  )
}

interface NoticeProps {
  readonly severity?: AlertProps['severity']
  readonly role?: 'status' | 'alert'
  readonly children: ReactNode
  readonly actions?: readonly (readonly [label: string, act: () => void])[]
}

/** One thing that the user should know, and what can be done about it. */
export function Notice({ severity = 'info', role = 'status', actions = [], children }: NoticeProps): JSX.Element {
  return (
    <Alert
      severity={severity}
      role={role}
      action={actions.map(([label, act]) => (
        <Button key={label} color="inherit" size="small" onClick={act}>
          {label}
        </Button>
      ))}
    >
      {children}
    </Alert>
  )
}

interface ConnectionNoticeProps {
  readonly binding: BindingName
  readonly texts: TableTexts
  /** Whether the rows are those of an earlier question. */
  readonly isStale: boolean
}

/** Says that changes do not arrive, and how many of the user's own wait. */
export function ConnectionNotice({ binding, texts, isStale }: ConnectionNoticeProps): JSX.Element | null {
  const server = serverOf(binding)
  const { status, hasEverConnected, reconnect } = useConnection(server)
  const { writes } = usePending(server)
  const waiting = writes.filter(write => write.state !== 'refused' && write.hasWaited).length
  if (status === 'unauthorized')
    return (
      <Notice severity="warning" actions={[[texts.reconnect, reconnect]]}>
        {texts.signedOut}
      </Notice>
    )
  const isOffline = status === 'closed' || (status === 'reconnecting' && hasEverConnected)
  if (!isOffline && !isStale && !waiting) return null
  const said = [isOffline && texts.offline, isStale && texts.stale, waiting > 0 && texts.waiting(waiting)]
  return (
    <Notice severity="warning" {...(isOffline && { actions: [[texts.reconnect, reconnect]] })}>
      {said.filter(Boolean).join(' ')}
    </Notice>
  )
}

interface RefusedNoticesProps {
  readonly binding: BindingName
  readonly texts: TableTexts
  readonly onConflict: (conflict: Conflict, key: string) => void
}

/** What was refused after it had waited: its cell shows the server's value again, so it is said here. */
export function RefusedNotices({ binding, texts, onConflict }: RefusedNoticesProps): JSX.Element {
  const { stream, server } = useStream(binding)
  const { writes, retry, drop } = usePending(server)
  const refused = writes.filter(write => write.stream === stream && write.state === 'refused')
  return (
    <>
      {refused.map(({ key, error, values, base }) => {
        const reasons = Object.values(error?.fields ?? {}).map(messagesOf)
        const conflict = conflictOf({ values, base }, error)
        return (
          <Notice
            key={key}
            severity="error"
            role="alert"
            actions={[
              [texts.retry, () => (conflict ? onConflict(conflict, key) : retry(key))],
              [texts.drop, () => drop(key)],
            ]}
          >
            {texts.refused(reasons.join(' ') || (error?.message ?? ''))}
          </Notice>
        )
      })}
    </>
  )
}

interface HeldNoticeProps<N extends BindingName> {
  readonly binding: N
  readonly id: TableRow['id']
  readonly params: SearchParams<N>
  /** The rows of the page: when they change, it is asked again where the row is. */
  readonly rows: unknown
  readonly draft: () => Draft | null
  readonly describe: (draft: Draft) => { readonly label: string; readonly text: string }
  readonly texts: TableTexts
  readonly canCreate: boolean
  readonly onSave: () => void
  readonly onSaveAnew: (draft: Draft) => void
  readonly onDrop: () => void
}

/** Says what became of a row while it is edited, and lets the user keep what was typed. */
export function HeldNotice<N extends BindingName>(props: HeldNoticeProps<N>): JSX.Element {
  const { binding, id, params, rows, texts, draft, describe, canCreate, onSave, onSaveAnew, onDrop } = props
  const where = useWhereabouts(binding, id, params, rows)
  const isDeleted = where === 'deleted'
  const said = isDeleted ? texts.deleted : typeof where === 'number' ? texts.movedTo(where) : texts.moved
  const withDraft = (act: (draft: Draft) => void) => () => {
    const found = draft()
    if (found) act(found)
  }
  return (
    <Notice
      severity="warning"
      role="alert"
      actions={[
        [texts.copy, withDraft(found => copy(describe(found).text))],
        ...(isDeleted ? [] : [[texts.save, onSave] as const]),
        ...(isDeleted && canCreate ? [[texts.saveAnew, withDraft(onSaveAnew)] as const] : []),
        [texts.drop, onDrop],
      ]}
    >
      {said}
    </Notice>
  )
}

interface DroppedNoticeProps {
  readonly draft: Draft
  readonly said: string
  readonly describe: (draft: Draft) => { readonly label: string; readonly text: string }
  readonly texts: TableTexts
  /** `null` where its row is not on the page. */
  readonly onRestore: (() => void) | null
  readonly onClose: () => void
}

/** A change that was dropped, or left unsaved, can be taken up again. */
export function DroppedNotice({ draft, said, describe, texts, onRestore, onClose }: DroppedNoticeProps): JSX.Element {
  const { label, text } = describe(draft)
  return (
    <Notice
      actions={[
        ...(onRestore ? [[texts.restore, onRestore] as const] : []),
        [texts.copy, () => copy(text)],
        [texts.close, onClose],
      ]}
    >
      {said} {texts.draft(label, text)}
    </Notice>
  )
}

function copy(text: string): void {
  void navigator.clipboard?.writeText(text).catch(() => undefined)
}

/** The conflict of a write that had waited, which the user is to decide; and what to do with the decision. */
export function useWaitedConflict(
  binding: BindingName,
): readonly [
  { readonly conflict: Conflict; readonly key: string } | null,
  (conflict: Conflict, key: string) => void,
  (mine: Readonly<Record<string, unknown>> | null) => void,
] {
  const { client } = useStream(binding)
  const [asked, setAsked] = useState<{ conflict: Conflict; key: string } | null>(null)
  const answer = (mine: Readonly<Record<string, unknown>> | null): void => {
    const writes = Writes.of(client)
    if (asked && mine) {
      if (Object.keys(mine).length === Object.keys(asked.conflict.mine).length) writes.retry(asked.key)
      else {
        const write = writes.getSnapshot().find(each => each.key === asked.key)
        writes.drop(asked.key)
        if (write && Object.keys(mine).length)
          writes
            .write({
              ...write,
              key: undefined,
              values: mine,
              base: write.error?.current,
              ifVersion: write.error?.version ?? undefined,
            })
            .catch(() => undefined)
      }
    }
    setAsked(null)
  }
  return [asked, (conflict, key) => setAsked({ conflict, key }), answer]
}

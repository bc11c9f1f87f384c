import type { ConnectionStatus as Status } from '@channels-binding/core'
import { useConnection } from '@channels-binding/core/react'
import Button from '@mui/material/Button'
import Chip, { type ChipProps } from '@mui/material/Chip'
import Stack from '@mui/material/Stack'
import type { JSX } from 'react'
import { useTexts } from './languages/texts.js'
import { STATUS_TEXTS, type StatusTexts } from './statusTexts.js'

const COLORS: Record<Status, ChipProps['color']> = {
  idle: 'default',
  connecting: 'info',
  open: 'success',
  reconnecting: 'warning',
  unauthorized: 'error',
  closed: 'default',
}

/** Props of `ConnectionStatus`. */
export interface ConnectionStatusProps extends Omit<ChipProps, 'label' | 'color'> {
  /** Shows the round trip beside the status. @default true */
  readonly showLatency?: boolean
  /** The name of a client, for one that has a name. @default the one without */
  readonly server?: string
  readonly texts?: Partial<StatusTexts>
}

/** A chip that says whether changes arrive, how fast, and under the pointer why not; a screen reader announces the status, not each measurement. */
export function ConnectionStatus({ showLatency = true, server, texts, ...props }: ConnectionStatusProps): JSX.Element {
  const says = useTexts('status', STATUS_TEXTS, texts)
  const { status, latencyMs, nextRetryAt, lastError, reconnect } = useConnection(server)
  const reason = status === 'open' ? undefined : lastError?.message
  const latency = showLatency && status === 'open' && latencyMs !== null ? ` · ${Math.round(latencyMs)} ms` : ''
  const label = (
    <>
      <span role="status">{says[status]}</span>
      <span aria-hidden="true">{latency}</span>
    </>
  )
  return (
    <Stack direction="row" spacing={1} sx={{ alignItems: 'center', display: 'inline-flex' }}>
      <Chip
        size="small"
        variant="outlined"
        title={reason}
        {...props}
        color={COLORS[status]}
        label={label}
        data-status={status}
      />
      {(nextRetryAt !== null || status === 'closed' || status === 'unauthorized') && (
        <Button size="small" onClick={reconnect}>
          {says.reconnect}
        </Button>
      )}
    </Stack>
  )
}

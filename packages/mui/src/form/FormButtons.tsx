import Button from '@mui/material/Button'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import type { FormTexts } from './formTexts.js'

interface FormButtonsProps {
  readonly onCancel?: () => void
  readonly submitLabel?: string
  readonly autosave?: boolean
  readonly isBusy: boolean
  readonly isGone: boolean
  /** Whether what is shown was saved just now. */
  readonly isSaved: boolean
  readonly says: FormTexts
}

/** Cancel and save; where a form saves itself, whether it has. */
export function FormButtons(props: FormButtonsProps): JSX.Element {
  const { onCancel, says, submitLabel = says.save, autosave = false, isBusy, isGone, isSaved } = props
  return (
    <Stack direction="row" spacing={1} sx={{ justifyContent: 'flex-end', alignItems: 'center', py: 1 }}>
      {autosave && (
        <Typography role="status" variant="body2" sx={{ color: 'text.secondary', mr: 'auto' }}>
          {isSaved ? says.saved : ''}
        </Typography>
      )}
      {onCancel && <Button onClick={onCancel}>{autosave ? says.close : says.cancel}</Button>}
      {!autosave && (
        <Button type="submit" variant="contained" loading={isBusy} disabled={isGone}>
          {submitLabel}
        </Button>
      )}
    </Stack>
  )
}

import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import LinearProgress from '@mui/material/LinearProgress'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { type JSX, useId } from 'react'
import type { FormTexts } from './formTexts.js'
import type { FormWorld } from './useFormState.js'

interface FormNoticesProps {
  readonly world: FormWorld
  readonly says: FormTexts
  readonly progress: number | null
  readonly isWaiting: boolean
  readonly isGone: boolean
  /** Sends it once more. */
  readonly onRetry: () => void
}

/**
 * What happens to a form while one fills it in: others change it, a draft is back, files are on their way, it was refused. It stands below
 * the fields, and over the lower edge of what is scrolled, so that no field moves when it comes or goes.
 */
export function FormNotices({ world, says, progress, isWaiting, isGone, onRetry }: FormNoticesProps): JSX.Element {
  const { contested, labelOf, changed, draft, failure } = world
  const labels = Object.keys(contested?.mine ?? {}).map(labelOf)
  return (
    <Stack spacing={1} sx={BELOW}>
      {isGone && <Alert severity="warning">{says.gone}</Alert>}
      {failure.message && (
        <Alert severity="error" action={failure.retry && <Button onClick={onRetry}>{says.retry}</Button>}>
          {failure.message}
        </Alert>
      )}
      {draft.isRestored && (
        <Alert
          severity="info"
          role="status"
          action={
            <>
              <Button color="inherit" size="small" onClick={draft.drop}>
                {says.drop}
              </Button>
              <Button color="inherit" size="small" onClick={draft.keep}>
                {says.close}
              </Button>
            </>
          }
        >
          {says.restored}
        </Alert>
      )}
      {contested && (
        <Alert
          severity="warning"
          role="status"
          action={
            <Button color="inherit" size="small" onClick={() => world.setConflict(contested)}>
              {says.compare}
            </Button>
          }
        >
          {says.contested(labels.join(', '))}
        </Alert>
      )}
      {changed.length > 0 && (
        <Alert severity="info" role="status" onClose={world.dismiss}>
          {says.changed(changed.join(', '))}
        </Alert>
      )}
      {isWaiting && (
        <Alert severity="info" role="status">
          {says.waiting}
        </Alert>
      )}
      {progress !== null && <Progress text={says.uploading(Math.round(progress * 100))} percent={progress * 100} />}
    </Stack>
  )
}

const BELOW = {
  position: 'sticky',
  bottom: 0,
  zIndex: 2,
  '&:not(:empty)': { mt: 2 },
  '& > *': { boxShadow: 2 },
} as const

function Progress({ text, percent }: { readonly text: string; readonly percent: number }): JSX.Element {
  const id = useId()
  return (
    <Stack spacing={0.5} sx={{ p: 1, borderRadius: 1, bgcolor: 'background.paper' }}>
      <Typography id={id} variant="body2">
        {text}
      </Typography>
      <LinearProgress variant="determinate" value={percent} aria-labelledby={id} />
    </Stack>
  )
}

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
}

/** What happens to a form while one fills it in: others change it, a draft is back, files are on their way. */
export function FormNotices({ world, says, progress, isWaiting }: FormNoticesProps): JSX.Element {
  const { contested, fields, changed, draft } = world
  const labels = Object.keys(contested?.mine ?? {}).map(
    name => fields.find(field => field.name === name)?.label ?? name,
  )
  return (
    <>
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
    </>
  )
}

function Progress({ text, percent }: { readonly text: string; readonly percent: number }): JSX.Element {
  const id = useId()
  return (
    <Stack spacing={0.5}>
      <Typography id={id} variant="body2">
        {text}
      </Typography>
      <LinearProgress variant="determinate" value={percent} aria-labelledby={id} />
    </Stack>
  )
}

import { canonical } from '@channels-binding/core'
import type { Conflict } from '@channels-binding/core/writes'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogContentText from '@mui/material/DialogContentText'
import DialogTitle from '@mui/material/DialogTitle'
import FormControl from '@mui/material/FormControl'
import FormControlLabel from '@mui/material/FormControlLabel'
import FormLabel from '@mui/material/FormLabel'
import Radio from '@mui/material/Radio'
import RadioGroup from '@mui/material/RadioGroup'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { type JSX, useId, useState } from 'react'
import { CONFLICT_TEXTS, type ConflictTexts } from './conflictTexts.js'
import { useTexts } from './languages/texts.js'
import { plainText } from './text.js'

/** Props of `ConflictDialog`. */
export interface ConflictDialogProps {
  readonly conflict: Conflict
  /** What a field is called. @default its name */
  readonly labelOf?: (name: string) => string
  /** How its value is shown. @default as text */
  readonly textOf?: (name: string, value: unknown) => string
  /** Gets the fields of which the user wants their own value to stand, with these values; none: everything stays as others have it. */
  readonly onResolve: (mine: Readonly<Record<string, unknown>>) => void
  readonly onCancel: () => void
  readonly texts?: Partial<ConflictTexts>
}

type Side = 'mine' | 'theirs'

/** The fields of a conflict that the user wants to be other than they are now. */
export const contested = ({ mine, theirs }: Conflict): string[] =>
  Object.keys(mine).filter(name => canonical(mine[name] ?? null) !== canonical(theirs[name] ?? null))

/** Two have changed the same: shows both field by field, and lets the user choose. */
export function ConflictDialog(props: ConflictDialogProps): JSX.Element {
  const { conflict, onResolve, onCancel } = props
  const texts = useTexts('conflict', CONFLICT_TEXTS, props.texts)
  const names = contested(conflict)
  const [sides, setSides] = useState<Readonly<Record<string, Side>>>({})
  const titleId = useId()
  const textId = useId()
  const resolve = (): void => {
    const kept = names.filter(name => (sides[name] ?? 'theirs') === 'mine')
    onResolve(Object.fromEntries(kept.map(name => [name, conflict.mine[name]])))
  }
  return (
    <Dialog open fullWidth maxWidth="sm" onClose={onCancel} aria-labelledby={titleId} aria-describedby={textId}>
      <DialogTitle id={titleId}>{texts.title}</DialogTitle>
      <DialogContent>
        <DialogContentText id={textId} sx={{ mb: 2 }}>
          {texts.explanation}
        </DialogContentText>
        <Stack spacing={2}>
          {names.map(name => (
            <Contested
              key={name}
              {...props}
              name={name}
              texts={texts}
              side={sides[name] ?? 'theirs'}
              onChoose={side => setSides({ ...sides, [name]: side })}
            />
          ))}
        </Stack>
      </DialogContent>
      <DialogActions>
        <Button onClick={onCancel}>{texts.back}</Button>
        <Button variant="contained" onClick={resolve}>
          {texts.save}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

interface ContestedProps extends Omit<ConflictDialogProps, 'texts'> {
  readonly name: string
  readonly texts: ConflictTexts
  readonly side: Side
  readonly onChoose: (side: Side) => void
}

function Contested({ name, conflict, texts, side, onChoose, ...props }: ContestedProps): JSX.Element {
  const { labelOf = String, textOf = (_name: string, of: unknown) => plainText(of) } = props
  const shown = (value: unknown): string => textOf(name, value) || texts.empty
  const { base, theirs, mine } = conflict
  const choice = (of: Side, label: string, value: unknown): JSX.Element => (
    <FormControlLabel
      value={of}
      control={<Radio size="small" />}
      label={
        <Typography component="span" variant="body2" sx={{ overflowWrap: 'anywhere' }}>
          <b>{label}:</b> {shown(value)}
        </Typography>
      }
    />
  )
  return (
    <FormControl component="fieldset">
      <FormLabel component="legend">{labelOf(name)}</FormLabel>
      {base && Object.hasOwn(base, name) && (
        <Typography variant="body2" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
          {texts.before(shown(base[name]))}
        </Typography>
      )}
      <RadioGroup value={side} onChange={event => onChoose(event.target.value as Side)}>
        {choice('theirs', texts.theirs, theirs[name])}
        {choice('mine', texts.mine, mine[name])}
      </RadioGroup>
    </FormControl>
  )
}

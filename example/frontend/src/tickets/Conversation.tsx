import { useList, useSave } from '@channels-binding/core/react'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Paper from '@mui/material/Paper'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { type FormEvent, type JSX, useState } from 'react'

/** The comments on a ticket. What a colleague writes appears by itself. */
export function Conversation({ ticket }: { readonly ticket: number }): JSX.Element {
  const { rows, data, isPending } = useList('desk.Comment', { filters: { ticket }, order: 'id', labels: true })
  const authors = data?.labels?.author
  return (
    <>
      <Stack spacing={1.5} sx={{ flex: 1, overflowY: 'auto', p: 3 }}>
        {!isPending && rows.length === 0 && (
          <Typography sx={{ color: 'text.secondary' }}>Nobody has said anything yet.</Typography>
        )}
        {rows.map(comment => (
          <Paper key={comment.id} variant="outlined" sx={{ p: 1.5 }}>
            <Typography variant="body2" sx={{ color: 'text.secondary' }}>
              {authors?.[String(comment.author)] ?? 'Someone'} · {new Date(comment.created).toLocaleString()}
            </Typography>
            <Typography sx={{ whiteSpace: 'pre-wrap' }}>{comment.text}</Typography>
          </Paper>
        ))}
      </Stack>
      <NewComment ticket={ticket} />
    </>
  )
}

function NewComment({ ticket }: { readonly ticket: number }): JSX.Element {
  const [text, setText] = useState('')
  const { mutate, isPending, error } = useSave('desk.Comment', { onSuccess: () => setText('') })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate({ ticket, text })
  }
  return (
    <Box
      component="form"
      onSubmit={submit}
      sx={{ display: 'flex', gap: 1, p: 2, borderTop: 1, borderColor: 'divider' }}
    >
      <TextField
        label="Comment"
        size="small"
        fullWidth
        value={text}
        onChange={event => setText(event.target.value)}
        error={!!error}
        helperText={error?.message}
      />
      <Button type="submit" variant="contained" loading={isPending} disabled={!text.trim()}>
        Send
      </Button>
    </Box>
  )
}

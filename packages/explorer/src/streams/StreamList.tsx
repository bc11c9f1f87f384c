import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import List from '@mui/material/List'
import ListItem from '@mui/material/ListItem'
import ListItemButton from '@mui/material/ListItemButton'
import ListItemText from '@mui/material/ListItemText'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { type JSX, useDeferredValue, useMemo, useState } from 'react'
import { addressOf } from '../route'
import type { ListedStream, useStreams } from '../server'
import { byApp } from './apps'

/** Every stream, by app, and a field that narrows them. */
export function StreamList(props: {
  readonly streams: ReturnType<typeof useStreams>
  readonly chosen: string | null
}): JSX.Element {
  const { streams, chosen } = props
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text)
  const found = useMemo(() => byApp(streams.data?.streams ?? [], wanted), [streams.data, wanted])
  const count = streams.data?.streams.length ?? 0
  return (
    <>
      <Box component="search" sx={{ p: 1.5, pb: 1 }}>
        <TextField
          fullWidth
          size="small"
          type="search"
          label={count > 1 ? `Find among ${count} streams` : 'Find a stream'}
          value={text}
          onChange={event => setText(event.target.value)}
        />
      </Box>
      {streams.error && <Alert severity="error">{streams.error.message}</Alert>}
      <Box sx={{ flex: 1, minHeight: 0, overflowY: 'auto', pb: 2 }}>
        {streams.data && found.length === 0 && (
          <Typography variant="body2" sx={{ color: 'text.secondary', px: 2 }}>
            {count ? 'None of that name.' : 'There is none.'}
          </Typography>
        )}
        {found.map(([app, members]) => (
          <Box key={app} component="section" aria-label={app}>
            <Typography
              variant="overline"
              component="h2"
              sx={{ color: 'text.secondary', px: 2, lineHeight: 2.4, fontSize: 11, fontWeight: 700 }}
            >
              {app}
            </Typography>
            <List dense disablePadding>
              {members.map(each => (
                <Item key={each.stream} stream={each} isChosen={each.stream === chosen} />
              ))}
            </List>
          </Box>
        ))}
      </Box>
    </>
  )
}

function Item({ stream, isChosen }: { readonly stream: ListedStream; readonly isChosen: boolean }): JSX.Element {
  const short = stream.stream.slice(stream.stream.indexOf('.') + 1)
  return (
    <ListItem disablePadding>
      <ListItemButton
        component="a"
        href={addressOf(stream.stream, stream.model ? 'rows' : 'message')}
        selected={isChosen}
        {...(isChosen && { 'aria-current': 'page' as const })}
        sx={{ py: 0.25, px: 2 }}
      >
        <ListItemText primary={short} slotProps={{ primary: { noWrap: true, title: stream.stream } }} />
        {!stream.model && (
          <Typography variant="caption" sx={{ color: 'text.secondary', ml: 1 }}>
            events
          </Typography>
        )}
      </ListItemButton>
    </ListItem>
  )
}

import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Link from '@mui/material/Link'
import Paper from '@mui/material/Paper'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import { useExplorer } from '../context'
import { addressOf } from '../route'
import type { ListedStream, useStreams } from '../server'

/** The first page: every stream as a card. */
export function Start({ streams }: { readonly streams: ReturnType<typeof useStreams> }): JSX.Element {
  const { config } = useExplorer()
  const found = streams.data?.streams ?? []
  return (
    <>
      <Typography variant="h1" sx={{ mb: 0.5 }}>
        Streams of this project
      </Typography>
      <Typography sx={{ color: 'text.secondary', mb: 2 }}>
        Choose one to see its rows live, send it messages, and learn why a list has changed.
        {config.user && ` You see what ${config.user} may see.`}
      </Typography>
      {streams.error && <Alert severity="error">{streams.error.message}</Alert>}
      {streams.data && found.length === 0 && (
        <Alert severity="info">
          There is no stream that you may use. Bindings stand in <code>bindings.py</code> of an app in{' '}
          <code>INSTALLED_APPS</code>, and their <code>permission_classes</code> say who may.
        </Alert>
      )}
      <Box
        component="ul"
        sx={{
          p: 0,
          m: 0,
          listStyle: 'none',
          display: 'grid',
          gap: 1.5,
          gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 220px), 1fr))',
        }}
      >
        {found.map(each => (
          <Card key={each.stream} stream={each} />
        ))}
      </Box>
    </>
  )
}

function Card({ stream }: { readonly stream: ListedStream }): JSX.Element {
  return (
    <Paper
      component="li"
      variant="outlined"
      sx={{ position: 'relative', p: 1.5, '&:hover': { borderColor: 'primary.main' } }}
    >
      <Link
        href={addressOf(stream.stream, stream.model ? 'rows' : 'message')}
        underline="none"
        color="inherit"
        sx={{
          fontWeight: 600,
          overflowWrap: 'anywhere',
          '&::after': { content: '""', position: 'absolute', inset: 0 },
        }}
      >
        {stream.stream}
      </Link>
      <Typography variant="body2" sx={{ color: 'text.secondary' }}>
        {stream.model ? stream.label : 'events'}
      </Typography>
    </Paper>
  )
}

import { useDescribe } from '@channels-binding/core/react'
import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Tab from '@mui/material/Tab'
import Tabs from '@mui/material/Tabs'
import Typography from '@mui/material/Typography'
import { type JSX, lazy, Suspense } from 'react'
import { useExplorer } from '../context'
import { addressOf, type View } from '../route'
import { type OfferedStream, useStream } from '../server'
import { Doc } from '../shell/Doc'
import { Waiting } from '../shell/Waiting'
import { Fields } from './Fields'
import { WhyView } from './WhyView'

const Rows = lazy(() => import('./Rows'))
const MessageView = lazy(() => import('../message/MessageView'))

/** One stream: its rows, what it is, messages to it, and why it changes; what it does not offer is not shown. */
export default function StreamPage({ stream, view }: { readonly stream: string; readonly view: View }): JSX.Element {
  const { config } = useExplorer()
  const offered = useStream(stream)
  const names = new Set(offered.data?.actions.map(({ name }) => name))
  const description = useDescribe(stream, { enabled: names.has('describe') })
  if (offered.error) return <Alert severity="error">{offered.error.message}</Alert>
  if (!offered.data) return <Waiting />
  const views = viewsOf(offered.data, config.isStaff)
  const shown = views.some(([name]) => name === view) ? view : views[0]![0]
  return (
    <Box sx={{ display: 'flex', flexDirection: 'column', minHeight: '100%' }}>
      <Typography variant="h1" sx={{ overflowWrap: 'anywhere' }}>
        {stream}
      </Typography>
      {offered.data.doc && <Doc text={offered.data.doc} />}
      <Tabs
        value={shown}
        variant="scrollable"
        scrollButtons={false}
        aria-label={`Views of ${stream}`}
        sx={{ mb: 2, '& .MuiTab-root': { minWidth: 0, px: { xs: 1.25, sm: 2 } } }}
      >
        {views.map(([name, label]) => (
          <Tab key={name} value={name} label={label} component="a" href={addressOf(stream, name)} id={`tab-${name}`} />
        ))}
      </Tabs>
      <Box
        role="tabpanel"
        aria-labelledby={`tab-${shown}`}
        sx={{ flex: 1, display: 'flex', flexDirection: 'column', minHeight: 0 }}
      >
        {description.error && shown !== 'message' && (
          <Alert severity="error" sx={{ mb: 2 }}>
            {description.error.message}
          </Alert>
        )}
        <Suspense fallback={<Waiting />}>
          {shown === 'rows' && <Rows offered={offered.data} description={description.data} />}
          {shown === 'fields' &&
            (names.has('describe') && description.isPending ? (
              <Waiting />
            ) : (
              <Fields offered={offered.data} description={description.data} />
            ))}
          {shown === 'message' && <MessageView offered={offered.data} description={description.data} />}
          {shown === 'why' && <WhyView offered={offered.data} />}
        </Suspense>
      </Box>
    </Box>
  )
}

function viewsOf({ model, actions }: OfferedStream, isStaff: boolean): (readonly [View, string])[] {
  const names = new Set(actions.map(({ name }) => name))
  const canShow = model && names.has('describe') && (names.has('search') || names.has('retrieve'))
  return [
    ...(canShow ? [['rows', 'Rows'] as const] : []),
    ['fields', model ? 'Fields and actions' : 'Events'] as const,
    ['message', 'Message'] as const,
    ...(model && isStaff && names.has('search') ? [['why', 'Why'] as const] : []),
  ]
}

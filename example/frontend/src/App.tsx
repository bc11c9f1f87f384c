import Box from '@mui/material/Box'
import LinearProgress from '@mui/material/LinearProgress'
import Typography from '@mui/material/Typography'
import { type JSX, lazy, Suspense, useEffect } from 'react'
import { Pages } from './bar/Pages'
import { TopBar } from './bar/TopBar'
import { Link, usePath } from './router'

// Each page is a file of its own, loaded when it is first gone to.
const Board = lazy(() => import('./pages/Board'))
const TicketPage = lazy(() => import('./pages/TicketPage'))
const Customers = lazy(() => import('./pages/Customers'))
const People = lazy(() => import('./pages/People'))
const Tasks = lazy(() => import('./pages/Tasks'))
const Events = lazy(() => import('./pages/Events'))

/** The addresses of this page; Django answers each of them with it (helpdesk/urls.py). */
function pageOf(path: string): readonly [title: string, page: JSX.Element] {
  const ticket = /^\/tickets\/(\d+)$/.exec(path)?.[1]
  if (ticket) return [`Ticket ${ticket}`, <TicketPage key={ticket} id={Number(ticket)} />]
  switch (path) {
    case '/':
      return ['Tickets', <Board key="board" />]
    case '/customers':
      return ['Customers', <Customers key="customers" />]
    case '/people':
      return ['People', <People key="people" />]
    case '/tasks':
      return ['Tasks', <Tasks key="tasks" />]
    case '/events':
      return ['Events', <Events key="events" />]
    default:
      return ['Not found', <NotFound key="none" />]
  }
}

/** Fills the window from `md` on: the page takes what the bar leaves. Smaller screens scroll. */
export function App(): JSX.Element {
  const [title, page] = pageOf(usePath())
  useEffect(() => {
    document.title = `${title} · Help desk`
  }, [title])
  return (
    <Box sx={{ display: 'flex', flexDirection: 'column', height: { md: '100dvh' } }}>
      <TopBar />
      <Pages />
      <Suspense fallback={<LinearProgress aria-label="Loading the page" />}>{page}</Suspense>
    </Box>
  )
}

function NotFound(): JSX.Element {
  return (
    <Box component="main" sx={{ p: 4 }}>
      <Typography gutterBottom>There is no such page.</Typography>
      <Link href="/">To the tickets</Link>
    </Box>
  )
}

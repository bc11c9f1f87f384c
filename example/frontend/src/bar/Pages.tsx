import Box from '@mui/material/Box'
import ButtonBase from '@mui/material/ButtonBase'
import type { JSX } from 'react'
import { SidesIcon } from '../icons'
import { Link, usePath } from '../router'

const PAGES = [
  ['/', 'Tickets'],
  ['/customers', 'Customers'],
  ['/people', 'People'],
  ['/tasks', 'Tasks'],
  ['/events', 'Events'],
] as const

/** Whether the server is the demo's, which has a page that is two users at once (helpdesk/demo.py). */
const isDemo = 'demo' in document.documentElement.dataset

/** The page's parts, each with an address. */
export function Pages(): JSX.Element {
  const path = usePath()
  const isAt = (href: string): boolean => path === href || (href === '/' && path.startsWith('/tickets/'))
  return (
    <Box component="nav" aria-label="Pages" sx={BAR}>
      {PAGES.map(([href, name]) => (
        <ButtonBase
          key={href}
          component={Link}
          href={href}
          aria-current={isAt(href) ? 'page' : undefined}
          sx={{ ...LINK, ...(isAt(href) && HERE) }}
        >
          {name}
        </ButtonBase>
      ))}
      {isDemo && (
        <ButtonBase href="/watch/" aria-label="Side by side" sx={{ ...LINK, ml: 'auto' }}>
          <SidesIcon fontSize="small" sx={{ display: { sm: 'none' } }} />
          <Box component="span" sx={{ display: { xs: 'none', sm: 'inline' } }}>
            Side by side
          </Box>
        </ButtonBase>
      )}
    </Box>
  )
}

const BAR = {
  display: 'flex',
  flexShrink: 0,
  overflowX: 'auto',
  px: { xs: 0, sm: 1 },
  bgcolor: 'background.paper',
  borderBottom: 1,
  borderColor: 'divider',
}
const LINK = {
  flexShrink: 0,
  px: { xs: 0.75, sm: 1.5 },
  py: 1,
  fontSize: 14,
  fontWeight: 600,
  color: 'text.secondary',
  borderBottom: '2px solid transparent',
  '&:hover, &:focus-visible': { bgcolor: 'action.hover' },
}
const HERE = { color: 'primary.main', borderBottomColor: 'primary.main' }

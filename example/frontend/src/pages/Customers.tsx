import { SearchBar } from '@channels-binding/mui'
import { BindingTable, useUrlState } from '@channels-binding/mui/table'
import Chip from '@mui/material/Chip'
import Paper from '@mui/material/Paper'
import type { Theme } from '@mui/material/styles'
import useMediaQuery from '@mui/material/useMediaQuery'
import type { JSX } from 'react'
import { Page } from './Page'

const WIDE = ['name', 'company', 'city', { field: 'email', minWidth: 270, flex: 1.8 }, 'vip', 'since'] as const
const NARROW = [{ field: 'name', flex: 1.5 }, 'company', { field: 'vip', minWidth: 76, flex: 0.6 }] as const

/** The customers. Page, order, search and filters are in the address: a link shows the same, and "back" goes back. */
export default function Customers(): JSX.Element {
  const state = useUrlState({ order: ['name'] })
  const isWide = useMediaQuery<Theme>(theme => theme.breakpoints.up('md'))
  const isVip = String(state.filters.vip) === 'true'
  return (
    <Page
      title="Customers"
      about="What you search and sort by is in the address. Managers edit in the cells; everybody sees it at once."
      actions={
        <>
          <Chip
            clickable
            label="VIP only"
            aria-pressed={isVip}
            color={isVip ? 'primary' : 'default'}
            variant={isVip ? 'filled' : 'outlined'}
            onClick={() => state.change({ filters: isVip ? {} : { vip: true } })}
          />
          <SearchBar
            label="Search customers"
            value={state.query}
            onChange={query => state.change({ query })}
            sx={{ width: { xs: '100%', sm: 260 } }}
          />
        </>
      }
    >
      <Paper variant="outlined" sx={TABLE}>
        <BindingTable
          aria-label="Customers"
          binding="desk.Customer"
          columns={isWide ? WIDE : NARROW}
          state={state}
          editable
          density="compact"
          sx={{ border: 0 }}
        />
      </Paper>
    </Page>
  )
}

/** As high on a phone before its rows are there as after. */
const TABLE = { flex: { md: 1 }, minHeight: { xs: 480, md: 240 }, height: { xs: '75dvh', md: 'auto' }, display: 'flex' }

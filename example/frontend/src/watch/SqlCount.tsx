import Box from '@mui/material/Box'
import type { JSX } from 'react'
import { type Checked, useSqlCount } from './useSqlCount'

const SIGNS: Record<Checked['verdict'], readonly [string, string]> = {
  equal: ['= SQL count ✔', 'success.main'],
  different: ['✗', 'error.main'],
  asking: ['… asking SQL', 'text.secondary'],
  failed: ['? SQL could not be asked', 'error.main'],
  offline: ['not connected: nobody to ask', 'text.secondary'],
}

/** "10,021 rows = SQL count ✔": what the list has been told, beside what the database says. */
export function SqlCount(): JSX.Element {
  const { shown, sql, verdict } = useSqlCount()
  const [sign, color] = SIGNS[verdict]
  const said = verdict === 'different' ? `≠ ${sql?.toLocaleString()} in SQL ` : ''
  return (
    <Box component="span" data-verdict={verdict} sx={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>
      <b>{shown?.toLocaleString() ?? '…'}</b> rows{' '}
      <Box component="span" sx={{ color, fontWeight: 600 }}>
        {said}
        {sign}
      </Box>
    </Box>
  )
}

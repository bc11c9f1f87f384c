import IconButton from '@mui/material/IconButton'
import { useColorScheme } from '@mui/material/styles'
import type { JSX } from 'react'
import { DarkIcon, LightIcon } from '../icons'

/** Follows the system until it is pressed; Material UI remembers the choice. */
export function ColorSchemeButton(): JSX.Element {
  const { mode, systemMode, setMode } = useColorScheme()
  const isDark = (mode === 'system' ? systemMode : mode) === 'dark'
  return (
    <IconButton
      title={isDark ? 'Light colours' : 'Dark colours'}
      aria-label="Dark colours"
      aria-pressed={isDark}
      onClick={() => setMode(isDark ? 'light' : 'dark')}
    >
      {isDark ? <LightIcon /> : <DarkIcon />}
    </IconButton>
  )
}

import { createTheme } from '@mui/material/styles'
import type {} from '@mui/x-data-grid/themeAugmentation'

/** Light and dark as CSS variables; the colours of text are dark (or light) enough to be read on paper by everyone. */
export const theme = createTheme({
  cssVariables: { colorSchemeSelector: 'data' },
  colorSchemes: {
    light: {
      palette: {
        primary: { main: '#3949ab' },
        info: { main: '#01579b' },
        success: { main: '#1b6e20' },
        warning: { main: '#9a4b00', light: '#ffcc80' },
        error: { main: '#b71c1c' },
        background: { default: '#f3f5fa' },
      },
    },
    dark: {
      palette: {
        primary: { main: '#9fa8ff' },
        warning: { main: '#ffb74d', light: '#8a5a12' },
        error: { main: '#ff8a80' },
        background: { default: '#11141b', paper: '#1b202b' },
      },
    },
  },
  shape: { borderRadius: 8 },
  // Dark surfaces stay dark, however high they stand.
  components: { MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } } },
  typography: {
    fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
    button: { textTransform: 'none', fontWeight: 600 },
  },
})

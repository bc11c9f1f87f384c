import { createTheme } from '@mui/material/styles'
import type {} from '@mui/x-data-grid/themeAugmentation'

/** Light and dark as CSS variables; colours of text have the contrast that WCAG AA asks for. */
export const theme = createTheme({
  cssVariables: { colorSchemeSelector: 'data' },
  colorSchemes: {
    light: {
      palette: {
        primary: { main: '#0b5d4b' },
        secondary: { main: '#5b3a9b' },
        info: { main: '#01579b' },
        success: { main: '#1b6e20' },
        warning: { main: '#9a4b00' },
        error: { main: '#b71c1c' },
        background: { default: '#f4f6f5' },
      },
    },
    dark: {
      palette: {
        primary: { main: '#6fd3b8' },
        secondary: { main: '#c3a6ff' },
        info: { main: '#81c8ff' },
        success: { main: '#7fd687' },
        warning: { main: '#ffb74d' },
        error: { main: '#ff8a80' },
        background: { default: '#0f1513', paper: '#18211e' },
      },
    },
  },
  shape: { borderRadius: 8 },
  // Dark surfaces stay dark, however high they stand.
  components: {
    MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiTab: { styleOverrides: { root: { minHeight: 44 } } },
    MuiTabs: { styleOverrides: { root: { minHeight: 44 } } },
  },
  typography: {
    fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
    button: { textTransform: 'none', fontWeight: 600 },
    h1: { fontSize: '1.25rem', fontWeight: 700 },
    h2: { fontSize: '1rem', fontWeight: 700 },
  },
})

/** How text is set that is read by machines as well. */
export const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace'

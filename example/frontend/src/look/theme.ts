import { createTheme, type Theme } from '@mui/material/styles'
import type {} from '@mui/x-data-grid/themeAugmentation'
import type { Look } from './look'

/** Light and dark; the colours of text are dark (or light) enough to be read on paper by everyone. */
const COLORS = {
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
}

/** The same with nothing in between: text at 7:1 and more (WCAG 1.4.6), and lines that are seen. */
const HIGH_CONTRAST = {
  light: {
    palette: {
      primary: { main: '#00128a' },
      info: { main: '#00305c' },
      success: { main: '#003d05' },
      warning: { main: '#5c2b00', light: '#ffcc80' },
      error: { main: '#7f0000' },
      text: { primary: '#000', secondary: '#1f1f1f', disabled: '#4d4d4d' },
      background: { default: '#fff', paper: '#fff' },
      divider: '#000',
    },
  },
  dark: {
    palette: {
      primary: { main: '#ffe14d' },
      info: { main: '#9fdcff' },
      success: { main: '#8dff95' },
      warning: { main: '#ffd180', light: '#8a5a12' },
      error: { main: '#ffb3ac' },
      text: { primary: '#fff', secondary: '#f0f0f0', disabled: '#bdbdbd' },
      background: { default: '#000', paper: '#000' },
      divider: '#fff',
    },
  },
}

/** Lines around what can be used, and a ring around what has the focus. */
const STRONG_LINES = {
  MuiOutlinedInput: { styleOverrides: { notchedOutline: { borderColor: 'currentColor' } } },
  MuiPickersOutlinedInput: { styleOverrides: { notchedOutline: { borderColor: 'currentColor' } } },
  MuiPopover: { styleOverrides: { paper: { border: '2px solid' } } },
  MuiDialog: { styleOverrides: { paper: { border: '2px solid' } } },
  MuiDrawer: { styleOverrides: { paper: { borderInlineStart: '2px solid' } } },
  MuiChip: { styleOverrides: { outlined: { borderWidth: 2 } } },
  MuiButton: { styleOverrides: { root: { textDecoration: 'underline', textUnderlineOffset: '3px' } } },
}
const STRONG_FOCUS = { ':focus-visible': { outline: '3px solid currentColor !important' } }

/** The words of this page stay English: each is read from the left, on a page that is laid out from the right. */
const ENGLISH_FROM_THE_RIGHT = {
  body: { textAlign: 'left' }, // mirrored, as all styles are
  ':where(p, span, label, legend, h1, h2, h3, dd, dt, .MuiFormLabel-root, .MuiAlert-message, .MuiDataGrid-selectedRowCount)':
    {
      unicodeBidi: 'plaintext',
    },
} as const

/** The theme for how somebody wants to see the page; light and dark are variables of CSS in each. */
export const themeOf = ({ isRightToLeft, hasHighContrast }: Look): Theme =>
  createTheme({
    cssVariables: { colorSchemeSelector: 'data' },
    direction: isRightToLeft ? 'rtl' : 'ltr',
    colorSchemes: hasHighContrast ? HIGH_CONTRAST : COLORS,
    shape: { borderRadius: 8 },
    components: {
      // Dark surfaces stay dark, however high they stand.
      MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
      ...(hasHighContrast && STRONG_LINES),
      MuiCssBaseline: {
        styleOverrides: { ...(isRightToLeft && ENGLISH_FROM_THE_RIGHT), ...(hasHighContrast && STRONG_FOCUS) },
      },
    },
    typography: {
      fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
      button: { textTransform: 'none', fontWeight: 600 },
    },
  })

import type { CSSProperties } from 'react'

/** Of the system, so that it is light or dark as the page is, and seen where colors are forced. */
const LINE = '1px solid color-mix(in srgb, CanvasText 20%, Canvas)'
const QUIET = 'color-mix(in srgb, CanvasText 65%, Canvas)'

export const TOGGLE: CSSProperties = {
  position: 'fixed',
  insetInlineEnd: 12,
  insetBlockEnd: 12,
  zIndex: 2_147_483_000,
  font: '600 12px system-ui, sans-serif',
  padding: '6px 10px',
  borderRadius: 16,
  border: LINE,
  background: 'Canvas',
  color: 'CanvasText',
  colorScheme: 'light dark',
  cursor: 'pointer',
}

export const PANEL: CSSProperties = {
  position: 'fixed',
  insetInline: 0,
  insetBlockEnd: 0,
  height: 'min(45vh, 420px)',
  zIndex: 2_147_483_000,
  display: 'flex',
  flexDirection: 'column',
  font: '12px/1.5 system-ui, sans-serif',
  background: 'Canvas',
  color: 'CanvasText',
  colorScheme: 'light dark',
  borderBlockStart: LINE,
  boxShadow: '0 -4px 16px rgb(0 0 0 / 15%)',
}

export const BAR: CSSProperties = {
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'center',
  gap: 8,
  padding: '4px 8px',
  borderBlockEnd: LINE,
}

export const BUTTON: CSSProperties = {
  fontFamily: 'inherit',
  fontSize: 'inherit',
  padding: '2px 8px',
  borderRadius: 4,
  border: LINE,
  background: 'transparent',
  color: 'inherit',
  cursor: 'pointer',
}

export const CHOSEN: CSSProperties = {
  ...BUTTON,
  fontWeight: 700,
  background: 'color-mix(in srgb, CanvasText 12%, Canvas)',
}

export const BODY: CSSProperties = { flex: 1, overflow: 'auto', padding: 8 }
export const TABLE: CSSProperties = { width: '100%', borderCollapse: 'collapse', fontVariantNumeric: 'tabular-nums' }
export const HEAD: CSSProperties = {
  textAlign: 'start',
  fontWeight: 600,
  color: QUIET,
  padding: '2px 8px',
  whiteSpace: 'nowrap',
}
export const CELL: CSSProperties = { padding: '2px 8px', verticalAlign: 'top', borderBlockStart: LINE }
export const NUMBER: CSSProperties = { ...CELL, textAlign: 'end', whiteSpace: 'nowrap' }
export const CODE: CSSProperties = {
  fontFamily: 'ui-monospace, monospace',
  fontSize: 11.5,
  overflowWrap: 'anywhere',
}
export const JSON_TEXT: CSSProperties = {
  ...CODE,
  margin: 0,
  padding: 8,
  whiteSpace: 'pre-wrap',
  wordBreak: 'break-word',
  background: 'color-mix(in srgb, CanvasText 5%, Canvas)',
}
export const NOTE: CSSProperties = { color: QUIET }
export const LINK: CSSProperties = {
  ...CODE,
  padding: 0,
  border: 0,
  background: 'none',
  color: 'inherit',
  textAlign: 'start',
  cursor: 'pointer',
}

import { createSvgIcon } from '@mui/material/utils'

/** The few icons of this page, from Material Icons. */
const icon = (name: string, path: string) => createSvgIcon(<path d={path} />, name)

export const AddIcon = icon('Add', 'M19 13h-6v6h-2v-6H5v-2h6V5h2v6h6v2z')
export const CloseIcon = icon(
  'Close',
  'M19 6.41 17.59 5 12 10.59 6.41 5 5 6.41 10.59 12 5 17.59 6.41 19 12 13.41 17.59 19 19 17.59 13.41 12z',
)
export const DarkIcon = icon(
  'Dark',
  'M12 3a9 9 0 1 0 9 9c0-.46-.04-.92-.1-1.36a5.389 5.389 0 0 1-4.4 2.26 5.403 5.403 0 0 1-3.14-9.8c-.44-.06-.9-.1-1.36-.1z',
)
export const LightIcon = icon(
  'Light',
  'M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM11 1h2v4h-2zM11 19h2v4h-2zM1 11h4v2H1zM19 11h4v2h-4zM4.2 5.6l1.4-1.4 2.9 2.8-1.5 1.4zM15.6 17l1.4-1.4 2.8 2.8-1.4 1.4zM18.4 4.2l1.4 1.4L17 8.4 15.6 7zM4.2 18.4 7 15.6 8.5 17l-2.9 2.8z',
)
export const MenuIcon = icon('Menu', 'M3 18h18v-2H3v2zm0-5h18v-2H3v2zm0-7v2h18V6H3z')
export const FramesIcon = icon('Frames', 'M6.99 11 3 15l3.99 4v-3H14v-2H6.99v-3zM21 9l-3.99-4v3H10v2h7.01v3L21 9z')
export const FiguresIcon = icon('Figures', 'M3.5 18.5 9.5 12.5l4 4L22 6.9 20.6 5.5l-7.1 8-4-4L2 17z')
export const PauseIcon = icon('Pause', 'M6 19h4V5H6v14zm8-14v14h4V5h-4z')
export const PlayIcon = icon('Play', 'M8 5v14l11-7z')
export const SendIcon = icon('Send', 'M2.01 21 23 12 2.01 3 2 10l15 2-15 2z')

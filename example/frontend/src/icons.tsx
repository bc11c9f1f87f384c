import { styled } from '@mui/material/styles'
import { createSvgIcon } from '@mui/material/utils'

/** The few icons of this page, from Material Icons. */
const icon = (name: string, path: string) => createSvgIcon(<path d={path} />, name)
/** One that points somewhere: it points the other way where the page is read from right to left. */
const pointing = (name: string, path: string) =>
  styled(icon(name, path))(({ theme }) => (theme.direction === 'rtl' ? { transform: 'scaleX(-1)' } : {}))

export const AddIcon = icon('Add', 'M19 13h-6v6h-2v-6H5v-2h6V5h2v6h6v2z')
export const CheckedIcon = icon(
  'Checked',
  'M19 3H5a2 2 0 0 0-2 2v14c0 1.1.9 2 2 2h14a2 2 0 0 0 2-2V5a2 2 0 0 0-2-2zm-9 14-5-5 1.41-1.41L10 14.17l7.59-7.59L19 8z',
)
export const CloseIcon = icon(
  'Close',
  'M19 6.41 17.59 5 12 10.59 6.41 5 5 6.41 10.59 12 5 17.59 6.41 19 12 13.41 17.59 19 19 17.59 13.41 12z',
)
export const DarkIcon = icon(
  'Dark',
  'M12 3a9 9 0 1 0 9 9c0-.46-.04-.92-.1-1.36a5.389 5.389 0 0 1-4.4 2.26 5.403 5.403 0 0 1-3.14-9.8c-.44-.06-.9-.1-1.36-.1z',
)
export const DeleteIcon = icon(
  'Delete',
  'M6 19c0 1.1.9 2 2 2h8c1.1 0 2-.9 2-2V7H6v12zM19 4h-3.5l-1-1h-5l-1 1H5v2h14V4z',
)
export const DisplayIcon = icon(
  'Display',
  'M12 2C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2zm1 17.93V4.07A8 8 0 0 1 13 19.93z',
)
export const EditIcon = icon(
  'Edit',
  'M3 17.25V21h3.75L17.81 9.94l-3.75-3.75L3 17.25zM20.71 7.04a1 1 0 0 0 0-1.41l-2.34-2.34a1 1 0 0 0-1.41 0l-1.83 1.83 3.75 3.75 1.83-1.83z',
)
export const LightIcon = icon(
  'Light',
  'M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM11 1h2v4h-2zM11 19h2v4h-2zM1 11h4v2H1zM19 11h4v2h-4zM4.2 5.6l1.4-1.4 2.9 2.8-1.5 1.4zM15.6 17l1.4-1.4 2.8 2.8-1.4 1.4zM18.4 4.2l1.4 1.4L17 8.4 15.6 7zM4.2 18.4 7 15.6 8.5 17l-2.9 2.8z',
)
export const MoreIcon = pointing('More', 'M10 6 8.59 7.41 13.17 12l-4.58 4.59L10 18l6-6z')
export const SidesIcon = icon('Sides', 'M3 5v14h8V5zm2 2h4v10H5zm8-2v14h8V5zm2 2h4v10h-4z')
export const SignOutIcon = pointing(
  'SignOut',
  'm17 7-1.41 1.41L18.17 11H8v2h10.17l-2.58 2.58L17 17l5-5zM4 5h8V3H4a2 2 0 0 0-2 2v14c0 1.1.9 2 2 2h8v-2H4V5z',
)
export const UncheckedIcon = icon(
  'Unchecked',
  'M19 5v14H5V5h14m0-2H5a2 2 0 0 0-2 2v14c0 1.1.9 2 2 2h14a2 2 0 0 0 2-2V5a2 2 0 0 0-2-2z',
)
export const WindowIcon = pointing(
  'Window',
  'M19 19H5V5h7V3H5a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h14c1.1 0 2-.9 2-2v-7h-2v7zM14 3v2h3.59l-9.83 9.83 1.41 1.41L19 6.41V10h2V3h-7z',
)

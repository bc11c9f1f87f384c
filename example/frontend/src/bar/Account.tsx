import { useConnection, useRetrieve } from '@channels-binding/core/react'
import Avatar from '@mui/material/Avatar'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import { SignOutIcon } from '../icons'

/** Who is signed in, as the socket says; signing out is a form post, as Django wants it. */
export function Account(): JSX.Element {
  const { user, status } = useConnection()
  const { data } = useRetrieve('auth.User', user ? Number(user) : null)
  const name = data?.username ?? '…'
  if (status === 'unauthorized')
    return (
      <Button size="small" variant="contained" href={`/login/?next=${encodeURIComponent(location.pathname)}`}>
        Sign in
      </Button>
    )
  return (
    <>
      <Avatar
        aria-hidden="true"
        sx={{
          display: { xs: 'none', sm: 'flex' },
          width: 32,
          height: 32,
          bgcolor: 'primary.main',
          color: 'primary.contrastText',
        }}
      >
        {name.charAt(0).toUpperCase()}
      </Avatar>
      <Typography sx={{ display: { xs: 'none', sm: 'block' } }}>{name}</Typography>
      <form method="post" action="/logout/" onSubmit={event => addToken(event.currentTarget)}>
        <input type="hidden" name="csrfmiddlewaretoken" />
        <IconButton type="submit" title="Sign out" aria-label="Sign out">
          <SignOutIcon />
        </IconButton>
      </form>
    </>
  )
}

function addToken(form: HTMLFormElement): void {
  const token = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? ''
  ;(form.elements.namedItem('csrfmiddlewaretoken') as HTMLInputElement).value = token
}

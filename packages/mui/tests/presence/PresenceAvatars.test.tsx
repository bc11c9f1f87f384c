import { PresenceAvatars } from '@channels-binding/mui/presence'
import { act, screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { stage, TICKETS, violations } from '../helpers.js'

it('shows who else is at a row, what each is called, and follows it', async () => {
  const { show, server } = stage({ 'desk.Ticket': TICKETS })
  server.enter('desk.Ticket', 1, { tab: 't1', user: { id: 7, username: 'ann' } })
  show(<PresenceAvatars binding={'desk.Ticket' as never} id={1 as never} meta={{ at: 'form' }} />)
  expect(await screen.findByRole('img', { name: 'ann' })).toHaveTextContent('A')
  expect(await violations()).toEqual([])
  await waitFor(() =>
    expect(server.requests('presence').some(({ data }) => (data as { meta?: unknown }).meta)).toBe(true),
  )
  act(() => server.leave('desk.Ticket', 1, 't1'))
  await waitFor(() => expect(screen.queryByRole('img')).not.toBeInTheDocument())
})

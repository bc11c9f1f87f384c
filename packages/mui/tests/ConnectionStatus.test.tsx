import { ConnectionStatus } from '@channels-binding/mui'
import { act, screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'
import { stage, violations } from './helpers.js'

it('says how the connection is, and lets the user reconnect', async () => {
  const { show, client, server, user } = stage({})
  show(<ConnectionStatus />)
  expect(screen.getByRole('status')).toHaveTextContent('Not connected')
  act(() => client.connect())
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent(/^Live$/))
  expect(await screen.findByText(/ms$/)).toHaveAttribute('aria-hidden', 'true')
  act(() => server.close(4401))
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('Signed out'))
  expect(await violations()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Reconnect' }))
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('Live'))
})

it('says under the pointer why there is no connection, until there is one', async () => {
  const { show, client, server } = stage({})
  const { container } = show(<ConnectionStatus />)
  const chip = container.querySelector('[data-status]')
  act(() => client.connect())
  await waitFor(() => expect(chip).toHaveAttribute('data-status', 'open'))
  expect(chip).not.toHaveAttribute('title')
  act(() => server.close(4401))
  await waitFor(() => expect(chip).toHaveAttribute('data-status', 'unauthorized'))
  expect(client.getState().lastError?.message).toBeTruthy()
  expect(chip).toHaveAttribute('title', client.getState().lastError?.message)
  act(() => client.reconnect())
  await waitFor(() => expect(chip).toHaveAttribute('data-status', 'open'))
  expect(chip).not.toHaveAttribute('title')
})

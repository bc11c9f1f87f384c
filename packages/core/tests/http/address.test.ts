import { expect, it } from 'vitest'
import { apiUrlOf } from '../../src/http/address.js'

it.each([
  [{ apiUrl: '/other/', url: 'wss://api.example.com/ws/' }, '/other/'],
  [{ url: 'wss://api.example.com/ws/?x=1' }, 'https://api.example.com/api/'],
  [{ url: 'ws://127.0.0.1:8000/ws/' }, 'http://127.0.0.1:8000/api/'],
  [{ url: '/ws/' }, '/api/'],
  [{ url: () => 'wss://api.example.com/ws/' }, '/api/'],
  [{}, '/api/'],
])('finds the HTTP twin of %o', (options, found) => {
  expect(apiUrlOf(options)).toBe(found)
})

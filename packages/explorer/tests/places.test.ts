import { expect, it } from 'vitest'
import { addressOf, routeOf } from '../src/route'
import { SocketPlaces } from '../src/sockets'
import { byApp } from '../src/streams/apps'

const PAGE = { protocol: 'https:', host: 'example.com' }

it('tries the places of the socket one after another, until one has opened', () => {
  const places = new SocketPlaces(['/ws/', '/'], PAGE)
  expect([places.next(), places.next(), places.next()]).toEqual([
    'wss://example.com/ws/',
    'wss://example.com/',
    'wss://example.com/ws/',
  ])
  places.found()
  expect([places.next(), places.next()]).toEqual(['wss://example.com/ws/', 'wss://example.com/ws/'])
  expect(new SocketPlaces(['/ws/'], { protocol: 'http:', host: 'a:8000' }).next()).toBe('ws://a:8000/ws/')
})

it('reads addresses of the page, whatever they hold', () => {
  expect(routeOf('')).toEqual({ kind: 'start' })
  expect(routeOf('#/figures')).toEqual({ kind: 'figures' })
  expect(routeOf(addressOf('shop.Order', 'why'))).toEqual({ kind: 'stream', stream: 'shop.Order', view: 'why' })
  expect(routeOf('#/stream/shop.Order/nonsense')).toMatchObject({ view: 'rows' })
  expect(routeOf('#/stream/')).toEqual({ kind: 'start' })
  expect(routeOf('#/stream/%')).toEqual({ kind: 'stream', stream: '%', view: 'rows' })
})

it('groups streams by app and narrows them by name and label', () => {
  const listed = (stream: string, label = ''): { stream: string; label: string; model: boolean } => ({
    stream,
    label,
    model: true,
  })
  const streams = [listed('shop.Order', 'orders'), listed('auth.User', 'users'), listed('shop.Item'), listed('ticker')]
  const names = (text: string): unknown => byApp(streams, text).map(([app, found]) => [app, found.length])
  expect(names('')).toEqual([
    ['auth', 1],
    ['others', 1],
    ['shop', 2],
  ])
  expect(names(' ORDERS ')).toEqual([['shop', 1]])
  expect(names('nothing')).toEqual([])
})

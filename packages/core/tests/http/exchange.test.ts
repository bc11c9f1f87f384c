import { expect, it } from 'vitest'
import { replyOf, routeOf } from '../../src/http/exchange.js'

it.each([
  [{ event: 'a.B.search', data: { page: 2 } }, 'POST a.B/search/', { page: 2 }],
  [{ event: 'a.B.close' }, 'POST a.B/close/', {}],
  [{ event: 'a.B.form', data: {} }, 'GET a.B/form/', undefined],
  [{ event: 'a.B.form', data: { id: 'x/y' } }, 'GET a.B/x%2Fy/form/', undefined],
  [{ event: 'a.B.form', data: { id: 7, submit: { a: 1 } } }, 'POST a.B/7/form/', { a: 1 }],
  [{ event: 'cb.batch', data: { ops: [] } }, 'POST batch/', { ops: [] }],
])('sends %j to where it is answered', (request, address, body) => {
  const route = routeOf(request)
  expect([`${route.method} ${route.path}`, route.body]).toEqual([address, body])
})

it('takes a form that does not validate for the reply that it is', async () => {
  const form = { fields: [], errors: { name: [] }, success: false, object: null }
  const response = new Response(JSON.stringify(form), { status: 400 })
  expect(await replyOf({ event: 'a.B.form', id: 3 }, response)).toEqual({ event: 'a.B.form', id: 3, data: form })
})

it('says of a row that was written what a socket says', async () => {
  const headers = { ETag: 'W/"a1b2c3d4e5f6"' }
  const row = new Response('{"id":7,"name":"x"}', { headers })
  const data = { success: true, id: 7, name: 'x' }
  expect(await replyOf({ event: 'a.B.create', id: 1 }, row)).toEqual({
    event: 'a.B.create',
    id: 1,
    v: 'a1b2c3d4e5f6',
    data,
  })
  const several = new Response('{"success":false,"results":[]}')
  expect((await replyOf({ event: 'a.B.update' }, several)).data).toMatchObject({ success: false })
})

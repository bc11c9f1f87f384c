// The data providers as they are published, against the running help desk: URL, USERNAME and PASSWORD are in the environment.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import axios from 'axios'
import { fetchUtils } from 'ra-core'
import { jsonServer, refine, simpleRest } from './adapters.mjs'

const { URL: SITE, USERNAME, PASSWORD } = process.env
const API = `${SITE}/api`
const TICKETS = 'desk.Ticket'
let headers

/** Cookies and CSRF token of somebody who has signed in by the login page. */
async function signIn() {
  const page = await fetch(`${SITE}/login/`)
  const token = (await page.text()).match(/name="csrfmiddlewaretoken" value="(\w+)"/)[1]
  const cookies = response => response.headers.getSetCookie().map(each => each.split(';')[0])
  const answer = await fetch(`${SITE}/login/`, {
    method: 'POST',
    redirect: 'manual',
    headers: { Cookie: cookies(page).join('; '), Referer: SITE, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ username: USERNAME, password: PASSWORD, csrfmiddlewaretoken: token }),
  })
  assert.equal(answer.status, 302)
  const jar = cookies(answer)
  const csrf = jar.find(each => each.startsWith('csrftoken=')).split('=')[1]
  return { Cookie: jar.join('; '), 'X-CSRFToken': csrf, Referer: SITE }
}

before(async () => {
  headers = await signIn()
})

function fetchJson(url, options = {}) {
  const all = new Headers(options.headers ?? { Accept: 'application/json' })
  for (const [name, value] of Object.entries(headers)) all.set(name, value)
  return fetchUtils.fetchJson(url, { ...options, headers: all })
}

/** react-admin's words → what each question is asked with. */
const reactAdmin = make => ({
  list: async (page, perPage, field, order, filter) => {
    const found = await make().getList(TICKETS, { pagination: { page, perPage }, sort: { field, order }, filter })
    return { rows: found.data, total: found.total }
  },
  one: async id => (await make().getOne(TICKETS, { id })).data,
  many: async ids => (await make().getMany(TICKETS, { ids })).data,
  create: async data => (await make().create(TICKETS, { data })).data,
  update: async (row, change) => {
    const params = { id: row.id, data: { ...row, ...change }, previousData: row }
    return (await make().update(TICKETS, params)).data
  },
  remove: async row => make().delete(TICKETS, { id: row.id, previousData: row }),
})

const ofRefine = () => {
  const provider = () => refine(API, axios.create({ headers: { ...headers, Accept: 'application/json' } }))
  return {
    list: async (page, perPage, field, order, filter) => {
      const found = await provider().getList({
        resource: TICKETS,
        pagination: { currentPage: page, pageSize: perPage },
        sorters: [{ field, order: order.toLowerCase() }],
        filters: Object.entries(filter).map(([name, value]) => ({ field: name, operator: 'eq', value })),
      })
      return { rows: found.data, total: Number(found.total) }
    },
    one: async id => (await provider().getOne({ resource: TICKETS, id })).data,
    many: async ids => (await provider().getMany({ resource: TICKETS, ids })).data,
    create: async variables => (await provider().create({ resource: TICKETS, variables })).data,
    update: async (row, variables) => (await provider().update({ resource: TICKETS, id: row.id, variables })).data,
    remove: async row => provider().deleteOne({ resource: TICKETS, id: row.id }),
  }
}

const PROVIDERS = {
  'ra-data-simple-rest': reactAdmin(() => simpleRest(API, fetchJson)),
  'ra-data-json-server': reactAdmin(() => jsonServer(API, fetchJson)),
  '@refinedev/simple-rest': ofRefine(),
}

for (const [name, provider] of Object.entries(PROVIDERS)) {
  describe(name, () => {
    test('a list has its page, order, filters and total', async () => {
      const first = await provider.list(1, 10, 'id', 'ASC', { status: 'open' })
      const second = await provider.list(2, 10, 'id', 'ASC', { status: 'open' })
      const last = await provider.list(1, 10, 'id', 'DESC', { status: 'open' })
      assert.equal(first.rows.length, 10)
      assert.ok(first.total > 100 && first.total === second.total)
      assert.ok(first.rows.every(row => row.status === 'open'))
      const ids = [...first.rows, ...second.rows].map(row => row.id)
      assert.deepEqual(ids, [...ids].sort((one, other) => one - other))
      assert.ok(last.rows[0].id > ids.at(-1))
    })

    test('one row, and several by their keys', async () => {
      const { rows } = await provider.list(1, 3, 'id', 'ASC', {})
      assert.deepEqual(await provider.one(rows[1].id), rows[1])
      const ids = [rows[2].id, rows[0].id]
      assert.deepEqual((await provider.many(ids)).map(row => row.id), ids)
    })

    test('a row is made, changed and deleted, and each is answered with the row', async () => {
      const { rows } = await provider.list(1, 1, 'id', 'ASC', {})
      const made = await provider.create({ title: `by ${name}`, group: rows[0].group, customer: rows[0].customer })
      assert.equal(made.title, `by ${name}`)
      const read = await provider.one(made.id)
      assert.equal(read.status, made.status ?? read.status)
      const changed = await provider.update(read, { title: 'changed', priority: 'high' })
      assert.deepEqual([changed.id, changed.title, changed.priority], [made.id, 'changed', 'high'])
      assert.equal(changed.created, read.created)
      assert.deepEqual(await provider.one(made.id), changed)
      await provider.remove(changed)
      await assert.rejects(provider.one(made.id))
    })
  })
}

// Published data providers of react-admin and Refine on Channels Binding: each names pages, orders and rows in its own way.
// docs/howto/admin-frameworks.md shows this file, and `make clients` runs it.

import refineProvider from '@refinedev/simple-rest'
import jsonServerProvider from 'ra-data-json-server'
import simpleRestProvider from 'ra-data-simple-rest'

// react-admin sends the whole row by PUT. What has not changed is left out here, and stays whatever it is by now.
const partly = ({ update, ...others }) => ({
  ...others,
  update: (resource, { data, previousData, ...params }) => {
    const changed = Object.entries(data).filter(([name, value]) => value !== previousData?.[name])
    return update(resource, { ...params, previousData, data: Object.fromEntries(changed) })
  },
})
const patching = options => (options?.method === 'PUT' ? { ...options, method: 'PATCH' } : options)

// ra-data-simple-rest: ?sort=["title","DESC"]&range=[0,24]&filter={"status":"open"}
export const simpleRest = (apiUrl, fetchJson) =>
  partly(simpleRestProvider(apiUrl, async (url, options) => {
    const { origin, pathname, searchParams } = new URL(url)
    const { sort, range, filter } = Object.fromEntries([...searchParams].map(([name, text]) => [name, JSON.parse(text)]))
    const query = new URLSearchParams()
    if (sort) query.set('order', (sort[1] === 'DESC' ? '-' : '') + sort[0])
    if (range) query.set('limit', range[1] - range[0] + 1)
    if (range) query.set('page', range[0] / (range[1] - range[0] + 1) + 1)
    for (const [name, value] of Object.entries(filter ?? {})) query.set({ q: 'query', id: 'ids' }[name] ?? name, value)
    const answer = await fetchJson(`${origin}${pathname}?${query}`, patching(options))
    return { ...answer, json: answer.json.rows ?? answer.json }
  }))

// ?_sort=title&_order=DESC&_start=0&_end=25&status=open, and of several rows ?id=7&id=9
const translated = url => {
  const { origin, pathname, searchParams } = new URL(url)
  const { _sort, _order, _start, _end, _embed, id, q, ...filters } = Object.fromEntries(searchParams)
  const limit = _end - _start
  const page = _end ? { limit, page: _start / limit + 1 } : {}
  const order = _sort ? { order: (_order.toLowerCase() === 'desc' ? '-' : '') + _sort } : {}
  const ids = id ? { ids: searchParams.getAll('id') } : {}
  return `${origin}${pathname}?${new URLSearchParams({ ...filters, ...(q && { query: q }), ...page, ...order, ...ids })}`
}

export const jsonServer = (apiUrl, fetchJson) =>
  partly(jsonServerProvider(apiUrl, async (url, options) => {
    const answer = await fetchJson(translated(url), patching(options))
    return { ...answer, json: answer.json.rows ?? answer.json }
  }))

export const refine = (apiUrl, axios) => {
  axios.interceptors.request.use(config => ({ ...config, url: translated(config.url) }))
  axios.interceptors.response.use(answer => ({ ...answer, data: answer.data.rows ?? answer.data }))
  return refineProvider(apiUrl, axios)
}

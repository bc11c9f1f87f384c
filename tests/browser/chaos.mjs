// Clients of the running example, whose network is bad and whose server is restarted: does each list equal its query, and was each
// write made once? Prints one line of JSON. Arguments: url, seconds, clients, cookies as JSON, ticket's key.
import { Agent } from 'node:http'
import { ChannelsClient } from '../../packages/core/dist/index.js'
import { Writes } from '../../packages/core/dist/writes/index.js'
import { WebSocket } from '../../node_modules/ws/wrapper.mjs'

const [url, seconds, count, cookies, ticket] = process.argv.slice(2).map((text, place) => (place ? JSON.parse(text) : text))
const agent = new Agent({ keepAlive: true })
const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
const ends = Date.now() + seconds * 1000
const problems = []
process.on('unhandledRejection', error => problems.push(`unhandled: ${error}`))

function clientOf(number) {
  const sockets = new Set()
  let isBlocked = false
  const cookie = cookies[number % cookies.length]
  class Socket extends WebSocket {
    constructor(address, protocols) {
      if (isBlocked) throw new Error('blocked')
      super(address, protocols, { agent, headers: { Cookie: cookie, Origin: url } })
      sockets.add(this)
      this.on('close', () => sockets.delete(this))
    }
  }
  const withCookie = (input, init) => fetch(input, { ...init, headers: { ...init.headers, Cookie: cookie, Origin: url } })
  const client = new ChannelsClient({
    url: `${url.replace('http', 'ws')}/ws/`,
    WebSocket: Socket,
    fetch: withCookie,
    backoff: { minMs: 100, maxMs: 1000 },
    pollMs: 1000,
  })
  const drop = () => {
    for (const socket of sockets) socket.terminate()
  }
  const block = is => {
    isBlocked = is
    if (is) drop()
  }
  return { number, client, drop, block }
}

async function live({ number, client, drop, block }) {
  const params = { filters: { ticket }, order: '-id', limit: 10 }
  const read = client.live('desk.Comment', 'search', params)
  const writes = Writes.of(client)
  const made = []
  const write = async text => {
    const mine = { text, outcome: 'waiting' }
    made.push(mine)
    try {
      await writes.write({ stream: 'desk.Comment', action: 'create', values: { ticket, text } })
      mine.outcome = 'made'
    } catch (error) {
      mine.outcome = error.code
    }
  }
  for (let turn = 0; Date.now() < ends; turn++) {
    void write(`chaos ${number} ${turn}`)
    await wait(500 + Math.random() * 1500)
    if (Math.random() < 0.3) drop()
    if (Math.random() < 0.5) {
      block(Math.random() < 0.5)
      await wait(2000)
    }
  }
  block(false)
  for (let tries = 0; tries < 200 && made.some(each => each.outcome === 'waiting'); tries++) await wait(200)
  return { client, read, made, params }
}

const clients = Array.from({ length: count }, (_, number) => clientOf(number))
const lives = await Promise.all(clients.map(live))
await wait(3000)
const made = lives.flatMap(each => each.made)
for (const { client, read, params } of lives) {
  let isEqual = false
  for (let tries = 0; tries < 50 && !isEqual; tries++) {
    const wanted = await client.search('desk.Comment', params).catch(error => ({ error: error.code }))
    isEqual = JSON.stringify(wanted.rows) === JSON.stringify(read.getSnapshot().data?.rows)
    if (!isEqual) await wait(200)
  }
  if (!isEqual) problems.push(`differs: ${JSON.stringify(read.getSnapshot()).slice(0, 200)}`)
  if (client.stats.divergences) problems.push(`diverged ${client.stats.divergences} times`)
}
const outcomes = {}
for (const { outcome } of made) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
console.log(JSON.stringify({ outcomes, problems, made: made.map(each => [each.text, each.outcome]) }))
process.exit(0)

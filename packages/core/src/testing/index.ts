export type { FakeRow } from './page.js'
export { type Bends, FakeServer, type Handler, type HandlerContext } from './server.js'
export type { Accept, Conversation, Peer } from './socket.js'
export { FakeTable, type FakeTableOptions } from './table.js'

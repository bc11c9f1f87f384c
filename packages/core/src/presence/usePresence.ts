import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { type ChannelsClient, canonical, type Pk, type PresentName } from '../index.js'
import { useChannels, useServerOfRoom } from '../react/context.js'
import { bareOf, partsOf } from '../react/named.js'
import {
  type Entrance,
  NOBODY,
  type PresenceMeta,
  PresenceRoom,
  type PresenceState,
  type PresenceUser,
} from './room.js'

/** What the hooks return: who is in the room, this tab included once the server has let it in. */
export type UsePresenceResult<M extends PresenceMeta = PresenceMeta, U = PresenceUser> = PresenceState<M, U>

const never = (): (() => void) => () => undefined
const nobody = (): PresenceState => NOBODY

/** In the room, as long as the component is mounted; `null` is nowhere. */
function useRoom(room: PresenceRoom | null, meta: PresenceMeta | null): PresenceState {
  const entrance = useRef<Entrance | null>(null)
  const latest = useRef(meta)
  latest.current = meta
  const isThere = meta !== null
  useEffect(() => {
    if (!room || !isThere) return
    entrance.current = room.enter(latest.current ?? {})
    return () => {
      entrance.current?.leave()
      entrance.current = null
    }
  }, [room, isThere])
  const text = canonical(meta)
  // biome-ignore lint/correctness/useExhaustiveDependencies: an equal meta is no change
  useEffect(() => entrance.current?.update(latest.current ?? {}), [text])
  return useSyncExternalStore(room?.subscribe ?? never, room?.getState ?? nobody, nobody)
}

function useRoomOf(
  client: ChannelsClient,
  stream: string,
  id: string | number | null | undefined,
): PresenceRoom | null {
  return useMemo(
    () => (id === null || id === undefined ? null : PresenceRoom.of(client, stream, id)),
    [client, stream, id],
  )
}

/**
 * Be in a room, and see who else is: `usePresence('desk.lobby', { status: 'busy' })`, `usePresence('desk.board:retro')`.
 *
 * @param room the stream of a `PresenceBinding`, and behind a colon the name of one of its rooms
 * @param meta what this tab says of itself; `null` to watch without being seen
 */
export function usePresence<M extends PresenceMeta = PresenceMeta, U = PresenceUser>(
  room: PresentName | `${PresentName}:${string}`,
  meta: M | null = {} as M,
): UsePresenceResult<M, U> {
  const server = useServerOfRoom(room)
  const { client } = useChannels(server)
  const [stream, name = ''] = (server === '' ? room : bareOf(room)).split(/:(.*)/s)
  return useRoom(useRoomOf(client, stream as string, name), meta) as unknown as UsePresenceResult<M, U>
}

/**
 * Be at a row, and see who else is: `usePresenceOf('desk.Ticket', 7, { editing: 'title' })`.
 *
 * @param id the row; `null` while there is none
 * @param meta what this tab does there; `null` to watch without being seen
 */
export function usePresenceOf<N extends PresentName, M extends PresenceMeta = PresenceMeta, U = PresenceUser>(
  stream: N,
  id: Pk<N> | null | undefined,
  meta: M | null = {} as M,
): UsePresenceResult<M, U> {
  const [bare, server] = partsOf(stream)
  const { client } = useChannels(server)
  return useRoom(useRoomOf(client, bare, id), meta) as unknown as UsePresenceResult<M, U>
}

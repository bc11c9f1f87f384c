import type { Pk, PresentName } from '@channels-binding/core'
import {
  type PresenceMember,
  type PresenceMeta,
  type PresenceUser,
  usePresenceOf,
} from '@channels-binding/core/presence'
import Avatar from '@mui/material/Avatar'
import AvatarGroup, { type AvatarGroupProps } from '@mui/material/AvatarGroup'
import Tooltip from '@mui/material/Tooltip'
import type { JSX } from 'react'

/** Props of `PresenceAvatars`. */
export interface PresenceAvatarsProps<N extends PresentName, M extends PresenceMeta>
  extends Omit<AvatarGroupProps, 'children' | 'id'> {
  /** The stream, whose binding says `presence = True`. */
  readonly binding: N
  readonly id: Pk<N>
  /** What this tab does there, for the others to see; `null` to watch without being seen. @default {} */
  readonly meta?: M | null
  /** What somebody is called, and does. @default the name of the user */
  readonly textOf?: (member: PresenceMember<M, PresenceUser>) => string
  /** What a screen reader calls them all. @default 'Also here' */
  readonly label?: string
}

const nameOf = ({ user }: PresenceMember<PresenceMeta, PresenceUser>): string => user?.username ?? '?'

/** Who else is at a row, as avatars; this tab is seen there as well. */
export function PresenceAvatars<N extends PresentName, M extends PresenceMeta = PresenceMeta>(
  props: PresenceAvatarsProps<N, M>,
): JSX.Element {
  const { binding, id, meta = {} as M, textOf = nameOf, label = 'Also here', ...group } = props
  const { others } = usePresenceOf<N, M>(binding, id, meta)
  return (
    <AvatarGroup max={4} role="group" aria-label={label} sx={SMALL} {...group}>
      {others.map(member => {
        const text = textOf(member)
        return (
          <Tooltip key={member.id} title={text}>
            <Avatar role="img" aria-label={text}>
              {nameOf(member).slice(0, 1).toUpperCase()}
            </Avatar>
          </Tooltip>
        )
      })}
    </AvatarGroup>
  )
}

const SMALL = { '& .MuiAvatar-root': { width: 28, height: 28, fontSize: 14 } } as const

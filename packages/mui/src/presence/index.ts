'use client'

export { PresenceAvatars, type PresenceAvatarsProps } from './PresenceAvatars.js'

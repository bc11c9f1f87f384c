import type { AutocompleteProps } from '@mui/material/Autocomplete'
import { type SyntheticEvent, useState } from 'react'

type Slots = NonNullable<AutocompleteProps<unknown, boolean, boolean, boolean>['slotProps']>

interface SteadyList {
  /** Decides where the list stands. */
  readonly onOpen: (event: SyntheticEvent) => void
  readonly popper: NonNullable<Slots['popper']>
  readonly paper: NonNullable<Slots['paper']>
  /** How high the options may be together. */
  readonly maxHeight: string
}

interface Place {
  readonly isAbove: boolean
  /** The room that there is, in pixels. */
  readonly room: number
}

/** As Material UI has it: the options are at most so high, in parts of the window. */
const PART = 0.4
/** Between the field and the list, and the list and the edge of the window, in pixels. */
const GAP_PX = 16

/**
 * A list of options that stays where it opened, below the field or (with no room there) above it, however many options come and go while they
 * are read and typed for: by itself it is decided anew for each height, and the list jumps over the field. Above, it keeps its height.
 */
export function useSteadyList(): SteadyList {
  const [{ isAbove, room }, setPlace] = useState<Place>({ isAbove: false, room: Number.POSITIVE_INFINITY })
  return {
    onOpen: event => setPlace(placeOf(event.target as Element)),
    popper: { placement: isAbove ? 'top-start' : 'bottom-start', modifiers: FIXED },
    paper: isAbove ? { sx: { height: `min(${PART * 100}vh, ${room}px)`, overflowY: 'auto' } } : {},
    maxHeight: Number.isFinite(room) ? `min(${PART * 100}vh, ${room}px)` : `${PART * 100}vh`,
  }
}

const FIXED = [{ name: 'flip', enabled: false }]

function placeOf(inside: Element): Place {
  const { top, bottom } = (inside.closest('.MuiAutocomplete-root') ?? inside).getBoundingClientRect()
  const height = globalThis.innerHeight
  const [above, below] = [top - GAP_PX, height - bottom - GAP_PX]
  const isAbove = below < height * PART && above > below
  return { isAbove, room: Math.max(isAbove ? above : below, LEAST_PX) }
}

/** Two options, where the window has no room at all. */
const LEAST_PX = 96

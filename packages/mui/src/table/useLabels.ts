import type { Labels } from '@channels-binding/core'
import { useState } from 'react'

/** The texts of relations; while rows are held that are not on the page any more, those of before as well. */
export function useLabels(labels: Labels | undefined, isHolding: boolean): Labels | undefined {
  const [known, setKnown] = useState({ labels, shown: labels })
  if (labels === known.labels) return known.shown
  const names = isHolding ? Object.keys({ ...known.shown, ...labels }) : []
  const merged = Object.fromEntries(names.map(name => [name, { ...known.shown?.[name], ...labels?.[name] }]))
  setKnown({ labels, shown: isHolding ? merged : labels })
  return known.shown
}

/** The value, once what is shown belongs to it. */
export function useSettled(value: string, isWaiting: boolean): string {
  const [settled, setSettled] = useState(value)
  if (!isWaiting && settled !== value) setSettled(value)
  return isWaiting ? settled : value
}

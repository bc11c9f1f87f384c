/** A line of a plot. */
export interface Series {
  readonly name: string
  /** Oldest first; `null` where nothing was measured. */
  readonly values: readonly (number | null)[]
}

/** The top of a plot: the least of 1, 2, 5, 10, 20, … that no value is above. */
export function ceilingOf(series: readonly Series[]): number {
  const most = Math.max(0, ...series.flatMap(({ values }) => values.map(value => value ?? 0)))
  if (most <= 1) return 1
  const ten = 10 ** Math.floor(Math.log10(most))
  return [1, 2, 5, 10].map(factor => factor * ten).find(top => top >= most)!
}

/** The path of a line in a box of this size, its newest value at the right edge; it is broken where nothing was measured. */
export function pathOf(
  values: readonly (number | null)[],
  most: number,
  width: number,
  height: number,
  room: number,
): string {
  const step = width / Math.max(1, room - 1)
  const shift = room - values.length
  let isDown = false
  return values
    .map((value, index) => {
      if (value === null) {
        isDown = false
        return ''
      }
      const x = ((index + shift) * step).toFixed(1)
      const y = (height - (value / most) * height).toFixed(1)
      const command = isDown ? 'L' : 'M'
      isDown = true
      return `${command}${x} ${y}`
    })
    .join('')
}

/** Differences of totals by the seconds between them: `[{at: 0, n: 1}, {at: 2000, n: 5}]` → `[2]`. A total that falls began anew. */
export function ratesOf(samples: readonly { readonly at: number; readonly n: number }[]): (number | null)[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index]!
    const seconds = (sample.at - before.at) / 1_000
    return sample.n < before.n || seconds <= 0 ? null : (sample.n - before.n) / seconds
  })
}

/** A number in few characters: `0.25`, `12`, `1,250`. */
export const short = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value >= 10 ? 0 : value >= 1 ? 1 : 2 })

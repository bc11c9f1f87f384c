import Box from '@mui/material/Box'
import Paper from '@mui/material/Paper'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import { ceilingOf, pathOf, type Series, short } from './points'

const WIDTH = 300
const HEIGHT = 90
const COLORS = ['primary.main', 'secondary.main']

/** A few lines over the last minutes, and their values now. */
export function Plot(props: {
  readonly title: string
  readonly unit?: string
  readonly series: readonly Series[]
  /** Values that fit. */
  readonly room: number
}): JSX.Element {
  const { title, unit = '', series, room } = props
  const most = ceilingOf(series)
  const now = series.map(({ name, values }) => ({ name, value: values.at(-1) ?? null }))
  const spoken = now
    .map(({ name, value }) => `${name} ${value === null ? 'unknown' : `${short(value)}${unit}`}`)
    .join(', ')
  return (
    <Paper component="figure" variant="outlined" sx={{ m: 0, p: 2 }}>
      <Box
        component="figcaption"
        sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 2, mb: 1, alignItems: 'baseline' }}
      >
        <Typography variant="h2" sx={{ flex: 1 }}>
          {title}
        </Typography>
        {now.map(({ name, value }, index) => (
          <Typography key={name} variant="body2" sx={{ color: COLORS[index % 2], fontVariantNumeric: 'tabular-nums' }}>
            {name} <b>{value === null ? '–' : `${short(value)}${unit}`}</b>
          </Typography>
        ))}
      </Box>
      <Box
        component="svg"
        role="img"
        aria-label={`${title}: ${spoken}, at most ${short(most)}${unit} in the picture`}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        sx={{ display: 'block', width: '100%', height: 110, overflow: 'visible' }}
      >
        {[0, 0.5, 1].map(part => (
          <Box
            key={part}
            component="line"
            x1={0}
            x2={WIDTH}
            y1={HEIGHT * part}
            y2={HEIGHT * part}
            vectorEffect="non-scaling-stroke"
            sx={{ stroke: 'var(--mui-palette-divider)' }}
          />
        ))}
        {series.map(({ name, values }, index) => (
          <Box
            key={name}
            component="path"
            d={pathOf(values, most, WIDTH, HEIGHT, room)}
            fill="none"
            strokeWidth={2}
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
            sx={{ stroke: index % 2 ? 'var(--mui-palette-secondary-main)' : 'var(--mui-palette-primary-main)' }}
          />
        ))}
      </Box>
      <Typography variant="caption" sx={{ color: 'text.secondary' }}>
        0 to {short(most)}
        {unit}
      </Typography>
    </Paper>
  )
}

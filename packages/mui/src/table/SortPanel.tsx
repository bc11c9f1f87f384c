import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import MenuItem from '@mui/material/MenuItem'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import type { JSX } from 'react'
import type { TableWorld } from './context.js'
import { orderLabels } from './orderLabels.js'

/** Orders rows by several columns, one after the other. */
export default function SortPanel({ world }: { readonly world: TableWorld }): JSX.Element {
  const { state, texts } = world
  const labels = orderLabels(world)
  const names = [...labels.keys()]
  const free = names.filter(name => !state.order.some(each => each.replace(/^-/, '') === name))
  const set = (order: readonly string[]): void => state.change({ order })
  return (
    <Stack spacing={1} sx={{ p: 2, minWidth: 260 }} role="group" aria-label={texts.order}>
      {state.order.map((each, index) => {
        const name = each.replace(/^-/, '')
        const label = labels.get(name) ?? name
        const isDown = each.startsWith('-')
        const turned = state.order.map((other, place) => (place === index ? (isDown ? name : `-${name}`) : other))
        return (
          <Stack key={name} direction="row" spacing={1} sx={{ alignItems: 'center' }}>
            <Typography sx={{ flexGrow: 1 }}>
              {index + 1}. {label}
            </Typography>
            <Button
              size="small"
              aria-label={`${label}: ${isDown ? texts.descending : texts.ascending}`}
              onClick={() => set(turned)}
            >
              {isDown ? '↓' : '↑'}
            </Button>
            <IconButton
              size="small"
              aria-label={texts.removeOrder(label)}
              onClick={() => set(state.order.filter(other => other !== each))}
            >
              ✕
            </IconButton>
          </Stack>
        )
      })}
      {free.length > 0 && (
        <TextField
          select
          size="small"
          label={state.order.length ? texts.thenBy : texts.orderBy}
          value=""
          onChange={event => set([...state.order, event.target.value])}
        >
          {free.map(name => (
            <MenuItem key={name} value={name}>
              {labels.get(name)}
            </MenuItem>
          ))}
        </TextField>
      )}
    </Stack>
  )
}

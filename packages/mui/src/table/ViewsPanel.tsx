import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import Stack from '@mui/material/Stack'
import TextField from '@mui/material/TextField'
import { type FormEvent, type JSX, useState } from 'react'
import type { TableWorld } from './context.js'
import { loadViews, type SavedView, saveViews } from './views.js'

/** Views of a table that this browser keeps: filters, order, columns and density under a name. */
export default function ViewsPanel({
  world,
  name,
}: {
  readonly world: TableWorld
  readonly name: string
}): JSX.Element {
  const { state, arrangement, texts } = world
  const [views, setViews] = useState(() => loadViews(name))
  const [typed, setTyped] = useState('')
  const keep = (next: readonly SavedView[]): void => {
    if (saveViews(name, next)) setViews([...next])
  }
  const save = (event: FormEvent): void => {
    event.preventDefault()
    if (!typed.trim()) return
    const { pageSize, order, query, filters } = state
    const { order: columns, hidden, density } = arrangement
    const view = {
      name: typed.trim(),
      query: { pageSize, order, query, filters },
      arranged: { order: columns, hidden, density },
    }
    keep([...views.filter(each => each.name !== view.name), view])
    setTyped('')
  }
  const show = ({ query, arranged }: SavedView): void => {
    state.change(query)
    arrangement.set(arranged)
  }
  return (
    <Stack spacing={1} sx={{ p: 2, minWidth: 240 }}>
      {views.map(view => (
        <Stack key={view.name} direction="row" sx={{ alignItems: 'center' }}>
          <Button size="small" onClick={() => show(view)} sx={{ flexGrow: 1, justifyContent: 'flex-start' }}>
            {view.name}
          </Button>
          <IconButton
            size="small"
            aria-label={texts.removeView(view.name)}
            onClick={() => keep(views.filter(each => each !== view))}
          >
            ✕
          </IconButton>
        </Stack>
      ))}
      <Stack component="form" direction="row" spacing={1} onSubmit={save}>
        <TextField size="small" label={texts.viewName} value={typed} onChange={event => setTyped(event.target.value)} />
        <Button type="submit" size="small">
          {texts.saveView}
        </Button>
      </Stack>
    </Stack>
  )
}

import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import IconButton from '@mui/material/IconButton'
import Stack from '@mui/material/Stack'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import type { GridDensity } from '@mui/x-data-grid'
import type { JSX } from 'react'
import type { TableWorld } from './context.js'

/** Which columns are shown, in which order, and how close the rows stand. */
export default function ColumnsPanel({ world }: { readonly world: TableWorld }): JSX.Element {
  const { columns, arrangement, visibility, apiRef, texts } = world
  const visible = { ...apiRef.current?.state.columns.columnVisibilityModel, ...visibility }
  const fields = columns.map(column => column.field)
  const move = (index: number, by: number): void => {
    const order = [...fields]
    const [field] = order.splice(index, 1)
    order.splice(index + by, 0, field as string)
    arrangement.set({ order })
  }
  return (
    <Stack spacing={1} sx={{ p: 2 }}>
      <ToggleButtonGroup
        exclusive
        size="small"
        aria-label={texts.density}
        value={arrangement.density ?? apiRef.current?.state.density ?? 'standard'}
        onChange={(_event, density: GridDensity | null) => density && arrangement.set({ density })}
      >
        {(['compact', 'standard', 'comfortable'] as const).map(density => (
          <ToggleButton key={density} value={density}>
            {texts.densities[density]}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      <Stack role="group" aria-label={texts.columns}>
        {columns.map(({ field, headerName = field, hideable }, index) => {
          const isShown = visible[field] !== false
          return (
            <Stack key={field} direction="row" sx={{ alignItems: 'center' }}>
              <FormControlLabel
                label={headerName}
                sx={{ flexGrow: 1 }}
                control={
                  <Checkbox
                    size="small"
                    checked={isShown}
                    disabled={hideable === false}
                    onChange={() => arrangement.set({ hidden: { ...arrangement.hidden, [field]: isShown } })}
                  />
                }
              />
              <IconButton
                size="small"
                aria-label={texts.moveUp(headerName)}
                disabled={index === 0}
                onClick={() => move(index, -1)}
              >
                ↑
              </IconButton>
              <IconButton
                size="small"
                aria-label={texts.moveDown(headerName)}
                disabled={index === columns.length - 1}
                onClick={() => move(index, 1)}
              >
                ↓
              </IconButton>
            </Stack>
          )
        })}
      </Stack>
    </Stack>
  )
}

import Box from '@mui/material/Box'
import { useGridApiContext } from '@mui/x-data-grid'
import type { JSX } from 'react'
import { ModelAutocomplete, type ModelKey } from '../ModelAutocomplete.js'
import { useRelated } from '../stream.js'
import type { EditCellParams, TableColumn } from './row.js'

/** Chooses a row of another stream within a cell; one choice ends the edit, and the table saves it. */
export default function RelationCellEditor({ id, field, value, colDef }: EditCellParams): JSX.Element | null {
  const grid = useGridApiContext()
  const { relation, multiple } = (colDef as TableColumn).described ?? {}
  const related = useRelated(relation?.stream ?? '')
  if (!relation) return null
  const choose = async (chosen: ModelKey | ModelKey[] | null): Promise<void> => {
    await grid.current.setEditCellValue({ id, field, value: chosen })
    if (!multiple) grid.current.stopCellEditMode({ id, field })
  }
  return (
    <Box sx={IN_A_CELL} onKeyDown={event => event.key === 'Enter' && event.stopPropagation()}>
      <ModelAutocomplete
        binding={related}
        {...(relation.filters && { filters: relation.filters })}
        label={colDef.headerName ?? field}
        multiple={multiple ?? false}
        value={value as ModelKey | ModelKey[] | null}
        onChange={chosen => void choose(chosen)}
        inputRef={input => input?.focus()}
      />
    </Box>
  )
}

/** A field without frame and visible label: the cell is the frame, the column's header the label. */
const IN_A_CELL = {
  width: '100%',
  '& .MuiInputLabel-root': { position: 'absolute', clip: 'rect(0 0 0 0)' },
  '& .MuiOutlinedInput-notchedOutline': { display: 'none' },
  '& .MuiOutlinedInput-root.MuiInputBase-root': { py: 0, pl: 0.5, fontSize: 'inherit', flexWrap: 'nowrap' },
} as const

import { ModelAutocomplete } from '@channels-binding/mui/form'
import type { TableRow } from '@channels-binding/mui/table'
import Box from '@mui/material/Box'
import { type GridRenderEditCellParams, useGridApiContext } from '@mui/x-data-grid'
import type { JSX } from 'react'

const ACTIVE = { is_active: true }

/** Chooses a colleague in the cell; the choice ends the edit, and the table saves it. */
export default function AssigneeEditor({ id, field, value }: GridRenderEditCellParams<TableRow>): JSX.Element {
  const grid = useGridApiContext()
  const choose = async (chosen: unknown): Promise<void> => {
    await grid.current.setEditCellValue({ id, field, value: chosen })
    grid.current.stopCellEditMode({ id, field })
  }
  return (
    <Box sx={IN_A_CELL} onKeyDown={event => event.key === 'Enter' && event.stopPropagation()}>
      <ModelAutocomplete
        binding="auth.User"
        filters={ACTIVE}
        label="Assignee"
        value={value}
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
  '& .MuiOutlinedInput-root.MuiInputBase-root': { py: 0, pl: 0.5, fontSize: 'inherit' },
}

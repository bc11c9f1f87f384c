import type { FormField } from '@channels-binding/core'
import Box from '@mui/material/Box'
import Stack from '@mui/material/Stack'
import Typography from '@mui/material/Typography'
import { type JSX, type ReactNode, useId } from 'react'
import { type Control, useWatch } from 'react-hook-form'
import type { FormValues } from './values.js'

/** A line of a form: one field, or several beside each other. */
export type FormLine = string | readonly string[]

/** Some lines under a heading. */
export interface FormSection {
  readonly title: string
  readonly lines: readonly FormLine[]
}

/** How the fields of a form stand; those that it does not name follow, each on a line of its own. */
export type FormLayout = readonly (FormLine | FormSection)[]

type Conditions = Readonly<Record<string, (values: Readonly<FormValues>) => boolean>>

interface LayoutProps {
  readonly fields: readonly FormField[]
  readonly layout: FormLayout | undefined
  readonly conditions: Conditions | undefined
  readonly control: Control<FormValues>
  readonly render: (field: FormField) => ReactNode
}

const isSection = (part: FormLine | FormSection): part is FormSection => typeof part === 'object' && 'lines' in part

/** The fields as the application wants them to stand, those left out whose condition does not hold. */
export function Layout(props: LayoutProps): JSX.Element {
  return props.conditions ? <Conditional {...props} conditions={props.conditions} /> : <Lines {...props} />
}

function Conditional({ conditions, ...props }: LayoutProps & { readonly conditions: Conditions }): JSX.Element {
  const values = useWatch({ control: props.control }) as FormValues
  const fields = props.fields.filter(({ name }) => conditions[name]?.(values) ?? true)
  return <Lines {...props} fields={fields} />
}

function Lines({ fields, layout = [], render }: Omit<LayoutProps, 'conditions'>): JSX.Element {
  const byName = new Map(fields.map(field => [field.name, field]))
  const named = new Set(layout.flatMap(part => (isSection(part) ? part.lines : [part])).flat())
  const line = (names: FormLine): JSX.Element | null => {
    const found = [names].flat().flatMap(name => byName.get(name) ?? [])
    if (!found.length) return null
    return (
      <Box key={String(names)} sx={LINE}>
        {found.map(render)}
      </Box>
    )
  }
  return (
    <>
      {layout.map(part => (isSection(part) ? <Section key={part.title} {...part} line={line} /> : line(part)))}
      {fields.filter(field => !named.has(field.name)).map(render)}
    </>
  )
}

interface SectionProps extends FormSection {
  readonly line: (names: FormLine) => JSX.Element | null
}

function Section({ title, lines, line }: SectionProps): JSX.Element | null {
  const id = useId()
  const shown = lines.map(line)
  if (shown.every(each => each === null)) return null
  return (
    <Stack component="section" spacing={2} role="group" aria-labelledby={id}>
      <Typography id={id} component="h3" variant="subtitle1">
        {title}
      </Typography>
      {shown}
    </Stack>
  )
}

/** Beside each other where there is room, on lines of their own where there is none. */
const LINE = {
  display: 'grid',
  gap: 2,
  gridTemplateColumns: { xs: '1fr', sm: 'repeat(auto-fit, minmax(0, 1fr))' },
  gridAutoFlow: { sm: 'column' },
  gridAutoColumns: { sm: '1fr' },
  alignItems: 'start',
} as const

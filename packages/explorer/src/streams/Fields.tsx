import type { Description } from '@channels-binding/core'
import Box from '@mui/material/Box'
import Link from '@mui/material/Link'
import Paper from '@mui/material/Paper'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import TableCell from '@mui/material/TableCell'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import Typography from '@mui/material/Typography'
import type { JSX, ReactNode } from 'react'
import { addressOf } from '../route'
import type { OfferedAction, OfferedStream } from '../server'
import { Doc } from '../shell/Doc'
import { Facts } from '../shell/Facts'
import { MONO } from '../theme'

/** What a stream is made of, as this user may use it. */
export function Fields(props: {
  readonly offered: OfferedStream
  readonly description: Description | undefined
}): JSX.Element {
  const { offered, description } = props
  return (
    <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'minmax(0, 1fr)' }}>
      {description && (
        <Section title="Fields">
          <Grid heads={['Field', 'Type', 'Allows', 'Label and help']}>
            {description.fields.map(field => (
              <TableRow key={field.name}>
                <Name>{field.name}</Name>
                <TableCell>
                  {field.relation ? (
                    <Link href={addressOf(field.relation.stream)}>{field.relation.stream}</Link>
                  ) : (
                    field.type
                  )}
                  {field.multiple && ' (several)'}
                </TableCell>
                <TableCell>
                  {[field.editable && 'write', field.sortable && 'order', field.nullable && 'null']
                    .filter(Boolean)
                    .join(', ')}
                </TableCell>
                <TableCell>
                  {[field.label, field.choices?.map(({ value }) => String(value)).join(' | '), field.help_text]
                    .filter(Boolean)
                    .join(' · ')}
                </TableCell>
              </TableRow>
            ))}
          </Grid>
        </Section>
      )}
      {!!description?.filters.length && (
        <Section title="Filters">
          <Grid heads={['Filter', 'Type', 'Label']}>
            {description.filters.map(filter => (
              <TableRow key={filter.name}>
                <Name>{filter.name}</Name>
                <TableCell>{filter.type}</TableCell>
                <TableCell>{filter.label}</TableCell>
              </TableRow>
            ))}
          </Grid>
        </Section>
      )}
      <Section title={offered.model ? 'Actions that you may ask for' : 'Events that you may send'}>
        <Grid heads={['Event', 'Method', 'What it does']}>
          {offered.actions.map(action => (
            <TableRow key={action.name}>
              <Name>{action.name}</Name>
              <TableCell>{kindOf(action)}</TableCell>
              <TableCell>
                <Doc text={action.doc} />
              </TableCell>
            </TableRow>
          ))}
        </Grid>
      </Section>
      {(description || offered.binding) && (
        <Section title="And">
          <Facts facts={factsOf(offered, description)} />
        </Section>
      )}
    </Box>
  )
}

const kindOf = ({ live, method }: OfferedAction): string => (live ? `${method}, can stay live` : method)

function factsOf(offered: OfferedStream, description: Description | undefined): [string, ReactNode][] {
  const own = Object.entries(offered.binding ?? {}).map(([name, value]): [string, ReactNode] => [
    name,
    Array.isArray(value) ? value.join(', ') : String(value),
  ])
  if (!description) return own
  const { expandable, aggregate } = description
  return [
    ['key', description.pk],
    ['rows a page', `${description.page_size}, at most ${description.max_page_size}`],
    ['can be expanded', expandable?.map(({ name, stream }) => `${name} (${stream})`).join(', ') ?? ''],
    ['can be measured', aggregate ? aggregate.measures.join(', ') : ''],
    ['can be grouped by', aggregate ? aggregate.by.join(', ') : ''],
    ...own,
  ]
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): JSX.Element {
  return (
    <Paper component="section" variant="outlined" aria-label={title} sx={{ p: 2 }}>
      <Typography variant="h2" sx={{ mb: 1 }}>
        {title}
      </Typography>
      {children}
    </Paper>
  )
}

/** A table that scrolls by itself where it is wider than the screen. */
function Grid({ heads, children }: { readonly heads: readonly string[]; readonly children: ReactNode }): JSX.Element {
  return (
    <Box
      sx={{
        overflowX: 'auto',
        '& td, & th': { overflowWrap: 'break-word', minWidth: 110, px: 1, verticalAlign: 'top' },
      }}
      tabIndex={0}
      role="region"
      aria-label={heads[0]}
    >
      <Table size="small">
        <TableHead>
          <TableRow>
            {heads.map(head => (
              <TableCell key={head}>{head}</TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>{children}</TableBody>
      </Table>
    </Box>
  )
}

function Name({ children }: { readonly children: string }): JSX.Element {
  return (
    <TableCell component="th" scope="row" sx={{ fontFamily: MONO, fontSize: 13 }}>
      {children}
    </TableCell>
  )
}

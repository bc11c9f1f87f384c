import Autocomplete from '@mui/material/Autocomplete'
import Checkbox from '@mui/material/Checkbox'
import FormControl from '@mui/material/FormControl'
import FormControlLabel from '@mui/material/FormControlLabel'
import FormGroup from '@mui/material/FormGroup'
import FormHelperText from '@mui/material/FormHelperText'
import FormLabel from '@mui/material/FormLabel'
import ListSubheader from '@mui/material/ListSubheader'
import MenuItem from '@mui/material/MenuItem'
import Radio from '@mui/material/Radio'
import RadioGroup from '@mui/material/RadioGroup'
import TextField from '@mui/material/TextField'
import { Fragment, type JSX, type ReactNode, useId } from 'react'
import { useTexts } from '../languages/texts.js'
import { useSteadyList } from '../steadyList.js'
import { keyOf, type Option, optionsOf, useOptions } from './choices.js'
import { FORM_TEXTS } from './formTexts.js'
import { textProps } from './text.js'
import type { FieldProps } from './types.js'

/** More choices than this are found by typing. */
const MAX_MENU = 15

const isBlank = (value: unknown): boolean => value === '' || value === null

/** One of several choices: a menu, or a field to type in where there are many. */
export function ChoiceField(props: FieldProps): JSX.Element {
  const { field, value, onChange } = props
  const options = optionsOf(field)
  if (options.length > MAX_MENU) return <TypedChoice {...props} options={options} />
  const byKey = new Map(options.map(option => [keyOf(option.value), option.value]))
  const blank = options.find(option => isBlank(option.value))?.value
  const selected = isBlank(value ?? null) ? (blank === undefined ? '' : keyOf(blank)) : keyOf(value)
  return (
    <TextField
      {...textProps(props)}
      select
      value={byKey.has(selected) ? selected : ''}
      onChange={event => onChange(byKey.get(event.target.value) ?? blank ?? null)}
    >
      {!field.required && blank === undefined && <MenuItem value="">—</MenuItem>}
      {options.flatMap((option, index) => [
        option.group !== undefined && option.group !== options[index - 1]?.group && (
          <Heading key={`group ${option.group}`} text={option.group} />
        ),
        <MenuItem key={keyOf(option.value)} value={keyOf(option.value)}>
          {option.label}
        </MenuItem>,
      ])}
    </TextField>
  )
}

/** A heading in a menu; it ignores what the menu gives its options, for it is none. */
function Heading({ text }: { readonly text: string }): JSX.Element {
  return <ListSubheader role="presentation">{text}</ListSubheader>
}

interface TypedProps extends FieldProps {
  readonly options: readonly Option[]
}

function TypedChoice({ options, ...props }: TypedProps): JSX.Element {
  const { value, onChange, disabled, onBlur } = props
  const offered = options.filter(option => !isBlank(option.value))
  const { onOpen, popper, paper, maxHeight } = useSteadyList()
  return (
    <Autocomplete<Option>
      options={offered}
      value={offered.find(option => keyOf(option.value) === keyOf(value)) ?? null}
      onChange={(_event, option) => onChange(option?.value ?? null)}
      getOptionKey={option => keyOf(option.value)}
      disabled={disabled}
      onBlur={onBlur}
      onOpen={onOpen}
      slotProps={{ listbox: { style: { maxHeight } }, popper, paper }}
      {...grouping(offered)}
      renderInput={input => <TextField {...input} {...textProps(props)} />}
    />
  )
}

/** Several of several choices, as chips. */
export function MultipleChoiceField(props: FieldProps): JSX.Element {
  const { field, value, onChange, disabled, onBlur } = props
  const options = optionsOf(field)
  const chosen = chosenOf(value)
  const { onOpen, popper, paper, maxHeight } = useSteadyList()
  return (
    <Autocomplete<Option, true>
      multiple
      disableCloseOnSelect
      options={options}
      value={options.filter(option => chosen.has(keyOf(option.value)))}
      onChange={(_event, selected) => onChange(selected.map(option => option.value))}
      getOptionKey={option => keyOf(option.value)}
      disabled={disabled}
      onBlur={onBlur}
      onOpen={onOpen}
      slotProps={{ listbox: { style: { maxHeight } }, popper, paper }}
      {...grouping(options)}
      renderInput={input => <TextField {...input} {...textProps(props)} required={false} />}
    />
  )
}

interface GroupProps extends FieldProps {
  readonly labelId: string
  readonly children: ReactNode
}

/** A fieldset with its legend and its help or error, which a screen reader reads with it. */
export function Group({ field, error, disabled, labelId, children }: GroupProps): JSX.Element {
  const helpId = useId()
  const help = error ?? field.help_text
  return (
    <FormControl
      component="fieldset"
      error={error !== undefined}
      required={field.required ?? false}
      disabled={disabled}
      {...(help && { 'aria-describedby': helpId })}
    >
      <FormLabel component="legend" id={labelId}>
        {field.label}
      </FormLabel>
      {children}
      {help && <FormHelperText id={helpId}>{help}</FormHelperText>}
    </FormControl>
  )
}

/** One of several choices, as radio buttons. */
export function RadioField(props: FieldProps): JSX.Element {
  const { value, onChange, onBlur, inputRef } = props
  const labelId = useId()
  const { options, field } = useOptions(props.field, value)
  return (
    <Group {...props} field={field} labelId={labelId}>
      <RadioGroup row={options.length <= 3} aria-labelledby={labelId} value={keyOf(value)} onBlur={onBlur}>
        {options.map((option, index) => (
          <FormControlLabel
            key={keyOf(option.value)}
            value={keyOf(option.value)}
            label={option.label}
            control={<Radio slotProps={{ input: index === 0 ? { ref: inputRef } : {} }} />}
            onChange={() => onChange(option.value)}
          />
        ))}
      </RadioGroup>
    </Group>
  )
}

/** Several of several choices, as checkboxes. */
export function CheckboxesField(props: FieldProps): JSX.Element {
  const { value, onChange, onBlur, inputRef } = props
  const labelId = useId()
  const { options, field } = useOptions(props.field, value)
  const chosen = chosenOf(value)
  const toggle = (option: Option): void => {
    const isChosen = (other: Option): boolean => chosen.has(keyOf(other.value)) !== (other === option)
    onChange(options.filter(isChosen).map(other => other.value))
  }
  return (
    <Group {...props} field={field} labelId={labelId}>
      <FormGroup>
        {options.map((option, index) => (
          <Fragment key={keyOf(option.value)}>
            {option.group !== undefined && option.group !== options[index - 1]?.group && (
              <FormHelperText>{option.group}</FormHelperText>
            )}
            <FormControlLabel
              label={option.label}
              control={
                <Checkbox
                  checked={chosen.has(keyOf(option.value))}
                  onChange={() => toggle(option)}
                  onBlur={onBlur}
                  slotProps={{ input: index === 0 ? { ref: inputRef } : {} }}
                />
              }
            />
          </Fragment>
        ))}
      </FormGroup>
    </Group>
  )
}

/** A box to tick. */
export function BooleanField(props: FieldProps): JSX.Element {
  const { field, value, onChange, onBlur, error, disabled, inputRef } = props
  const helpId = useId()
  const help = error ?? field.help_text
  const described = help ? { 'aria-describedby': helpId } : {}
  return (
    <FormControl error={error !== undefined} required={field.required ?? false} disabled={disabled}>
      <FormControlLabel
        label={field.label}
        control={
          <Checkbox
            checked={value === true}
            onChange={event => onChange(event.target.checked)}
            onBlur={onBlur}
            slotProps={{ input: { ref: inputRef, name: field.name, ...described } }}
          />
        }
      />
      {help && <FormHelperText id={helpId}>{help}</FormHelperText>}
    </FormControl>
  )
}

const THREE_VALUES = [
  { value: null, name: 'unknown' },
  { value: true, name: 'yes' },
  { value: false, name: 'no' },
] as const

/** Yes, no, or unknown; nothing, where a filter is not set. */
export function NullBooleanField(props: FieldProps): JSX.Element {
  const says = useTexts('form', FORM_TEXTS)
  return (
    <TextField
      {...textProps(props)}
      select
      value={props.value === '' ? '' : keyOf(props.value)}
      onChange={event => props.onChange(JSON.parse(event.target.value))}
    >
      {THREE_VALUES.map(({ value, name }) => (
        <MenuItem key={name} value={keyOf(value)}>
          {says[name]}
        </MenuItem>
      ))}
    </TextField>
  )
}

const chosenOf = (value: unknown): Set<string> => new Set(Array.isArray(value) ? value.map(keyOf) : [])

function grouping(options: readonly Option[]): { groupBy?: (option: Option) => string } {
  return options.some(option => option.group !== undefined) ? { groupBy: option => option.group ?? '' } : {}
}

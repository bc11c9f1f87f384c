import type { Choice, ChoiceGroup, DescribedFilter } from '@channels-binding/core'

/** What somebody has typed into filters → what the server is asked: empty ones are left out. */
export function filtersOf(typed: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''))
}

const YES_AND_NO: readonly Choice[] = [
  { value: 'true', label: 'yes' },
  { value: 'false', label: 'no' },
]

/** The choices of a filter as one list; `null` where it has none that could be shown so. */
export function choicesOf({ field, type }: DescribedFilter): readonly Choice[] | null {
  if (type.includes('Boolean')) return YES_AND_NO
  if (!field.choices?.length || field.multiple || field.truncated) return null
  const flat = field.choices.flatMap((each: Choice | ChoiceGroup) => ('choices' in each ? each.choices : [each]))
  return flat.filter(({ value }) => value !== '' && value !== null)
}

import { type BindingName, ChannelsClient, type EventName } from '@channels-binding/core'
import { useInfiniteSearch, useSearch } from '@channels-binding/core/react'
import { expectTypeOf } from 'vitest'

// Without the generated file every name compiles, and what is not known is `unknown`.
expectTypeOf<BindingName>().toEqualTypeOf<string>()
expectTypeOf<EventName>().toEqualTypeOf<string>()

export function Component(): void {
  const { rows } = useSearch('any.Thing', { order: '-whatever', filters: { a: 1 } })
  expectTypeOf(rows[0]?.id).toEqualTypeOf<string | number | undefined>()
  expectTypeOf(rows[0]?.name).toEqualTypeOf<unknown>()
  expectTypeOf(useSearch('any.Thing', { count: false }).data?.has_next).toEqualTypeOf<boolean | undefined>()
  expectTypeOf(useInfiniteSearch('any.Thing').data?.pages[0]?.end).toEqualTypeOf<string | null | undefined>()
}

const client = new ChannelsClient()
// What was asked of the count decides what the page says.
expectTypeOf((await client.search('any.Thing', { page: 2 })).count).toEqualTypeOf<number>()
expectTypeOf((await client.search('any.Thing', { count: false })).has_next).toEqualTypeOf<boolean>()
expectTypeOf(await client.search('any.Thing', { count: false })).not.toHaveProperty('count')
expectTypeOf((await client.search('any.Thing', { count: 'estimate' })).count_is).toEqualTypeOf<
  'exact' | 'at_least' | 'estimate'
>()
expectTypeOf((await client.search('any.Thing', { after: '' })).end).toEqualTypeOf<string | null>()
// @ts-expect-error no pages beside places
client.search('any.Thing', { after: '', page: 2 })
// @ts-expect-error a name that is not there
client.search('any.Thing', { count: false, pgae: 2 })
expectTypeOf(client.call('any.thing', { a: 1 })).resolves.toEqualTypeOf<unknown>()

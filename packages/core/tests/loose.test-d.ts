import { type BindingName, ChannelsClient, type EventName } from '@channels-binding/core'
import { useSearch } from '@channels-binding/core/react'
import { expectTypeOf } from 'vitest'

// Without the generated file every name compiles, and what is not known is `unknown`.
expectTypeOf<BindingName>().toEqualTypeOf<string>()
expectTypeOf<EventName>().toEqualTypeOf<string>()

export function Component(): void {
  const { rows } = useSearch('any.Thing', { order: '-whatever', filters: { a: 1 } })
  expectTypeOf(rows[0]?.id).toEqualTypeOf<string | number | undefined>()
  expectTypeOf(rows[0]?.name).toEqualTypeOf<unknown>()
}

const client = new ChannelsClient()
expectTypeOf(client.call('any.thing', { a: 1 })).resolves.toEqualTypeOf<unknown>()

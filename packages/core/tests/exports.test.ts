import { readdirSync, readFileSync } from 'node:fs'
import * as core from '@channels-binding/core'
import * as react from '@channels-binding/core/react'
import * as testing from '@channels-binding/core/testing'
import { expect, it } from 'vitest'

const source = new URL('../src/', import.meta.url)

it('offers what somebody chose', () => {
  expect(Object.keys(core).sort()).toEqual([
    'BindingError',
    'ChannelsClient',
    'ERROR_CODES',
    'canonical',
    'eventName',
    'formsetErrors',
    'getConsumer',
    'parseEvent',
    'registerConsumer',
  ])
  expect(Object.keys(react).sort()).toEqual([
    'ChannelsProvider',
    'LiveBridge',
    'useBind',
    'useBindingForm',
    'useChannels',
    'useConnection',
    'useConsumer',
    'useDebounced',
    'useDelete',
    'useDescribe',
    'useForm',
    'useList',
    'usePassiveBind',
    'useRetrieve',
    'useSave',
    'useSearch',
    'useSuspenseSearch',
    'useToggle',
  ])
  expect(Object.keys(testing).sort()).toEqual(['FakeServer', 'FakeTable'])
})

it.each(['', 'testing/'])('imports no framework in src/%s', folder => {
  const files = readdirSync(new URL(folder, source)).filter(name => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(3)
  for (const name of files) {
    const imports = readFileSync(new URL(folder + name, source), 'utf8').matchAll(/from '([^']+)'/g)
    for (const [, target] of imports) expect(target, name).toMatch(/^\.{1,2}\//)
  }
})

it('describes each module in the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const modules = readdirSync(source)
    .filter(name => name.endsWith('.ts') && name !== 'index.ts')
    .map(name => name.replace('.ts', ''))
  for (const module of modules) expect(readme).toContain(`\`${module}\``)
})

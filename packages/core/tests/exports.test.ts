import { readdirSync, readFileSync } from 'node:fs'
import * as core from '@channels-binding/core'
import * as devtools from '@channels-binding/core/devtools'
import * as log from '@channels-binding/core/devtools/log'
import * as forms from '@channels-binding/core/forms'
import * as persist from '@channels-binding/core/persist'
import * as presence from '@channels-binding/core/presence'
import * as react from '@channels-binding/core/react'
import * as testing from '@channels-binding/core/testing'
import * as writes from '@channels-binding/core/writes'
import { expect, it } from 'vitest'

const source = new URL('../src/', import.meta.url)

it('offers what somebody chose', () => {
  expect(Object.keys(core).sort()).toEqual([
    'BindingError',
    'ChannelsClient',
    'canonical',
    'eventName',
    'getConsumer',
    'parseEvent',
    'registerConsumer',
  ])
  expect(Object.keys(react).sort()).toEqual([
    'Bind',
    'ChannelsProvider',
    'Delete',
    'Form',
    'List',
    'LiveBridge',
    'Retrieve',
    'Save',
    'Search',
    'aggregateOptions',
    'deleteOptions',
    'describeOptions',
    'formOptions',
    'listOptions',
    'queryKeys',
    'retrieveOptions',
    'saveOptions',
    'searchOptions',
    'useAggregate',
    'useAutoBind',
    'useBind',
    'useBindingForm',
    'useChannels',
    'useConnection',
    'useConsumer',
    'useDebounced',
    'useDebouncedState',
    'useDelete',
    'useDescribe',
    'useForm',
    'useInfiniteSearch',
    'useInstance',
    'useList',
    'usePassiveBind',
    'usePending',
    'useRetrieve',
    'useSave',
    'useSearch',
    'useSuspenseInfiniteSearch',
    'useSuspenseSearch',
    'useToggle',
  ])
  expect(Object.keys(writes).sort()).toEqual(['Writes', 'conflictOf', 'newKey', 'seen'])
  expect(Object.keys(devtools).sort()).toEqual(['ChannelsDevtools', 'DevtoolsLog', 'lineOf', 'logTo'])
  expect(Object.keys(log).sort()).toEqual(['DevtoolsLog', 'lineOf', 'logTo', 'sizeOf'])
  expect(Object.keys(presence).sort()).toEqual(['PresenceRoom', 'usePresence', 'usePresenceOf'])
  expect(Object.keys(forms)).toEqual(['formsetErrors'])
  expect(Object.keys(persist)).toEqual(['indexedDb'])
  expect(Object.keys(testing).sort()).toEqual(['ERROR_CODES', 'FakeServer', 'FakeTable'])
})

it.each(['', 'testing/', 'http/', 'writes/', 'persist/', 'forms/'])('imports no framework in src/%s', folder => {
  const files = readdirSync(new URL(folder, source)).filter(name => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(0)
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

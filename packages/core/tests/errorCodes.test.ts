import { readdirSync, readFileSync } from 'node:fs'
import { BindingError } from '@channels-binding/core'
import { ERROR_CODES } from '@channels-binding/core/testing'
import { expect, it } from 'vitest'
import { errorOfClose } from '../src/closes.js'

const spec = new URL('../../../spec/errors.json', import.meta.url)
const source = new URL('../src/', import.meta.url)

it('holds the codes of the contract, no more and no less', () => {
  expect(ERROR_CODES).toEqual(JSON.parse(readFileSync(spec, 'utf8')))
})

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  name => /\.tsx?$/.test(name) && !name.startsWith('testing'), // what the fake server refuses gets its status on the way
)
const made = files.flatMap(name => {
  const text = readFileSync(new URL(name, source), 'utf8')
  return [...text.matchAll(/new BindingError\(\s*'(\w+)'(.*?)\)\s*$/gms)].map(([, code, rest]) => {
    const status = /status: (\d+)/.exec(rest ?? '')?.[1]
    return [code as keyof typeof ERROR_CODES, name, status === undefined ? {} : { status: Number(status) }] as const
  })
})

it('finds what the client says by itself', () => {
  expect(new Set(made.map(([code]) => code))).toEqual(
    new Set(['gone', 'invalid', 'limit_exceeded', 'precondition_failed', 'timeout', 'unauthenticated', 'unavailable']),
  )
})

it.each(made)('says %s in %s with the status of the contract', (code, _name, details) => {
  const { status, retry } = new BindingError(code, 'No.', details)
  expect({ status, retry }).toEqual(ERROR_CODES[code])
})

it.each([1006, 4400, 4401, 4403, 4404, 4413, 4429, 4500])(
  'says what close code %i means with the status of the contract',
  close => {
    const { code, status, retry } = errorOfClose(close, '', true)
    expect({ status, retry }).toEqual(ERROR_CODES[code as keyof typeof ERROR_CODES])
  },
)

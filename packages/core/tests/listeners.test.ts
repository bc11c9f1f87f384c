import { expect, it, vi } from 'vitest'
import { Listeners } from '../src/listeners.js'

it('calls everyone, and nobody after they left', () => {
  const listeners = new Listeners<[number]>()
  const [first, second] = [vi.fn(), vi.fn()]
  const leave = listeners.add(first)
  listeners.add(second)
  listeners.emit(1)
  leave()
  leave()
  listeners.emit(2)
  expect(first.mock.calls).toEqual([[1]])
  expect(second.mock.calls).toEqual([[1], [2]])
  expect(listeners.size).toBe(1)
})

it('calls a function as often as it was added', () => {
  const listeners = new Listeners()
  const callback = vi.fn()
  const leave = listeners.add(callback)
  listeners.add(callback)
  leave()
  listeners.emit()
  expect(callback).toHaveBeenCalledOnce()
})

it('reports what one of them throws, and calls the others', () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const listeners = new Listeners()
  const other = vi.fn()
  listeners.add(() => {
    throw new Error('mine')
  })
  listeners.add(other)
  listeners.emit()
  expect(other).toHaveBeenCalledOnce()
  expect(report).toHaveBeenCalledExactlyOnceWith(new Error('mine'))
  report.mockRestore()
})

it('does not call those who came or left while it calls', () => {
  const listeners = new Listeners()
  const late = vi.fn()
  const stop = listeners.add(() => {
    listeners.add(late)
    stop()
  })
  listeners.emit()
  expect(late).not.toHaveBeenCalled()
})

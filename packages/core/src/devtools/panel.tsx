import { type JSX, type KeyboardEvent, useEffect, useId, useRef, useState, useSyncExternalStore } from 'react'
import type { ChannelsClient } from '../index.js'
import { useChannels } from '../react/context.js'
import { DevtoolsLog } from './log.js'
import { ConnectionPart, MessagesPart, ReadsPart, WritesPart } from './parts.js'
import { BAR, BODY, BUTTON, CHOSEN, NOTE, PANEL, TOGGLE } from './styles.js'

/** Props of `ChannelsDevtools`. */
export interface ChannelsDevtoolsProps {
  /** @default the one of the surrounding `ChannelsProvider` */
  readonly client?: ChannelsClient
  /** Whether it is open at first. @default false */
  readonly initialIsOpen?: boolean
}

const TABS = ['Reads', 'Messages', 'Writes', 'Connection'] as const
type Tab = (typeof TABS)[number]

/** A panel at the bottom of the page that shows what a client does. For development: mount it there alone. */
export function ChannelsDevtools({ client, initialIsOpen = false }: ChannelsDevtoolsProps): JSX.Element {
  return client ? <Panel client={client} initialIsOpen={initialIsOpen} /> : <OfProvider initialIsOpen={initialIsOpen} />
}

function OfProvider({ initialIsOpen }: { initialIsOpen: boolean }): JSX.Element {
  return <Panel client={useChannels().client} initialIsOpen={initialIsOpen} />
}

function Panel({ client, initialIsOpen }: { client: ChannelsClient; initialIsOpen: boolean }): JSX.Element {
  const log = DevtoolsLog.of(client)
  const state = useSyncExternalStore(log.subscribe, log.getState, log.getState)
  const [isOpen, setOpen] = useState(initialIsOpen)
  const [tab, setTab] = useState<Tab>('Reads')
  const toggle = useRef<HTMLButtonElement>(null)
  const hasBeenOpen = useRef(isOpen)
  const id = useId()
  useEffect(() => {
    if (!isOpen && hasBeenOpen.current) toggle.current?.focus()
    hasBeenOpen.current = isOpen
  }, [isOpen])
  if (!isOpen)
    return (
      <button ref={toggle} type="button" style={TOGGLE} aria-expanded="false" onClick={() => setOpen(true)}>
        Channels · {state.connection.status}
        {state.divergences > 0 && ` · ${state.divergences} divergences`}
      </button>
    )
  const counts: Readonly<Record<Tab, number | null>> = {
    Reads: state.reads.filter(({ status, params }) => status !== 'ended' && params?.why !== true).length,
    Messages: state.messages.length,
    Writes: state.writes.length,
    Connection: null,
  }
  const move = ({ key, currentTarget }: KeyboardEvent<HTMLElement>): void => {
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
    if (!step) return
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] as Tab
    setTab(next)
    currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus()
  }
  return (
    <section
      aria-label="Channels Binding devtools"
      style={PANEL}
      onKeyDown={({ key }) => key === 'Escape' && setOpen(false)}
    >
      <div style={BAR}>
        <strong>Channels</strong>
        <div role="tablist" aria-label="What is shown" onKeyDown={move} style={{ display: 'flex', gap: 4 }}>
          {TABS.map(name => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`${id}-${name}`}
              data-tab={name}
              aria-selected={name === tab}
              aria-controls={`${id}-panel`}
              tabIndex={name === tab ? 0 : -1}
              style={name === tab ? CHOSEN : BUTTON}
              onClick={() => setTab(name)}
            >
              {name}
              {counts[name] !== null && ` (${counts[name]})`}
            </button>
          ))}
        </div>
        <span style={{ ...NOTE, marginInlineStart: 'auto' }}>
          {state.connection.status}
          {state.connection.latencyMs !== null && ` · ${Math.round(state.connection.latencyMs)} ms`} ·{' '}
          {state.divergences} divergences
        </span>
        <button type="button" style={BUTTON} onClick={() => setOpen(false)}>
          Hide
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keyboards must reach it */}
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`} tabIndex={0} style={BODY}>
        {tab === 'Reads' && <ReadsPart log={log} state={state} />}
        {tab === 'Messages' && <MessagesPart log={log} state={state} />}
        {tab === 'Writes' && <WritesPart client={client} state={state} />}
        {tab === 'Connection' && <ConnectionPart client={client} state={state} />}
      </div>
    </section>
  )
}

import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import {
  type ComponentType,
  createContext,
  type JSX,
  lazy,
  type MemoExoticComponent,
  memo,
  useContext,
  useState,
} from 'react'
import { useTexts } from './languages/texts.js'
import { TABLE_TEXTS } from './table/texts.js'

const RetryContext = createContext<() => void>(() => undefined)

/**
 * A component that is loaded when it is shown first. Where it cannot be (offline, or after a release that has other files), it is said so in
 * its place and can be tried again: React's own `lazy` takes the whole page away, with what was typed there, and does not try again.
 * It renders when its props change, not whenever what is around it does.
 */
export function late<P extends object>(
  load: () => Promise<ComponentType<P>>,
): MemoExoticComponent<(props: P) => JSX.Element> {
  const begin = (): ComponentType<P> =>
    lazy(() =>
      load().then(
        found => ({ default: found }),
        () => ({ default: Unloaded as ComponentType<P> }),
      ),
    ) as unknown as ComponentType<P>
  let latest = begin()
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each part, where modules begin, as `lazy` is
  return memo(function Late(props: P): JSX.Element {
    const [Part, setPart] = useState(() => latest)
    const retry = (): void => {
      latest = begin()
      setPart(() => latest)
    }
    return (
      <RetryContext.Provider value={retry}>
        <Part {...props} />
      </RetryContext.Provider>
    )
  })
}

function Unloaded(): JSX.Element {
  const retry = useContext(RetryContext)
  const texts = useTexts('table', TABLE_TEXTS)
  return (
    <Alert
      severity="warning"
      action={
        <Button color="inherit" size="small" onClick={retry}>
          {texts.retry}
        </Button>
      }
    >
      {texts.unloaded}
    </Alert>
  )
}

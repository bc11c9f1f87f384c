import { Component, type ReactNode } from 'react'

/** Props of `Guard`. */
export interface GuardProps {
  /** What stands in the place of what could not be shown. */
  readonly fallback: ReactNode
  /** When this changes, it is tried again. */
  readonly value: unknown
  readonly children: ReactNode
}

interface GuardState {
  readonly hasFailed: boolean
  readonly value: unknown
}

/** Keeps a value that cannot be shown from taking the page with it: what throws below is replaced, all else stays. */
export class Guard extends Component<GuardProps, GuardState> {
  override state: GuardState = { hasFailed: false, value: this.props.value }

  static getDerivedStateFromError(): Partial<GuardState> {
    return { hasFailed: true }
  }

  static getDerivedStateFromProps(props: GuardProps, state: GuardState): Partial<GuardState> | null {
    return props.value === state.value ? null : { hasFailed: false, value: props.value }
  }

  override render(): ReactNode {
    return this.state.hasFailed ? this.props.fallback : this.props.children
  }
}

/** The function; where it throws, what `fallback` makes of the same. */
export function guarded<A extends readonly unknown[], R>(
  work: (...args: A) => R,
  fallback: (...args: A) => R,
): (...args: A) => R {
  return (...args) => {
    try {
      return work(...args)
    } catch {
      return fallback(...args)
    }
  }
}

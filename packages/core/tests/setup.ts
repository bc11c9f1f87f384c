import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'

// To ask of every element whether it is hidden takes half of the time. The timeout bounds waiting, it adds none.
configure({ defaultHidden: true, asyncUtilTimeout: 20_000 })

// The files of a process share its page (vitest.config.ts): nothing of one test may be there in the next.
afterEach(() => {
  cleanup()
  localStorage.clear()
  sessionStorage.clear()
  history.replaceState(null, '', '/')
})

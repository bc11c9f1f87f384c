import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'

// To ask of every element whether it is hidden takes half of the time. The timeout bounds waiting, it adds none.
configure({ defaultHidden: true, asyncUtilTimeout: 20_000 })

afterEach(cleanup)

// `prepack` of the npm packages: what is packed is built then and there, from what stands in src and nothing else.
import { execSync } from 'node:child_process'
import { rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
execSync('npm run --silent build', { stdio: ['ignore', 'inherit', 'inherit'] })

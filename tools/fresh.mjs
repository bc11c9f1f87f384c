// `prepack` of the npm packages: what is packed is built then and there, from what stands in src and nothing else. The skill for
// coding assistants and the list of pages go along.
import { execSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
copyFileSync('../../docs/skill/SKILL.md', 'SKILL.md')
copyFileSync('../../docs/llms.txt', 'llms.txt')
execSync('npm run --silent build', { stdio: ['ignore', 'inherit', 'inherit'] })

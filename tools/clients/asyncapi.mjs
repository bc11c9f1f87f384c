// node asyncapi.mjs FILE SECONDS: does @asyncapi/parser read it without an error, within that time of the processor?

import { readFileSync } from 'node:fs'
import { Parser } from '@asyncapi/parser'

const [file, most] = process.argv.slice(2)
const { document, diagnostics } = await new Parser().parse(readFileSync(file, 'utf8'))
const seconds = process.cpuUsage().user / 1e6
const errors = diagnostics.filter(each => each.severity === 0)
console.log(`${document?.operations().all().length} operations in ${seconds.toFixed(1)} s`)
for (const each of errors.slice(0, 10)) console.error(each.message, each.path.join('.'))
process.exit(!document || errors.length || seconds > Number(most) ? 1 : 0)

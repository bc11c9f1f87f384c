// Writes docs/reference/client.md and components.md: every export of every entry of packages/core and packages/mui, from the declarations
// that tsc makes and what is said of them in the source.
//
//   npm run reference            writes it
//   npm run reference -- --check fails where it is not as it would be written
//   npm run reference -- mui     that of one package
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const root = new URL('..', import.meta.url).pathname
/** The packages, each with its page, its entries in the order of the page, and what is said of each. */
const PACKAGES = {
  core: {
    page: 'docs/reference/client.md',
    title: 'The client, name by name',
    entries: {
      '.': 'The client, without a framework.',
      './react': 'Hooks on TanStack Query, and the components made of them.',
      './presence':
        'Who is at a row, or in a room ([how-to](../howto/presence.md)). Without React: `@channels-binding/core/presence/room`.',
      './devtools':
        'What a client does, for development ([how-to](../howto/devtools.md)). Without React: `@channels-binding/core/devtools/log`.',
      './forms': 'What reads the answers of forms with formsets.',
      './writes': 'Writes that wait, and are made once.',
      './persist': 'Keeps them over a reload.',
      './testing': 'A server in memory, for tests.',
    },
    /** Parts of another entry that are told there. */
    parts: ['./presence/room', './devtools/log'],
  },
  mui: {
    page: 'docs/reference/components.md',
    title: 'The components, name by name',
    entries: {
      './table': 'The table of a live list.',
      './form': 'The form of a row, and its fields.',
      './filters': 'Filters of a list, beside a table or without one.',
      './presence': 'Who is here, as avatars.',
      './pickers': 'Fields of dates and times with the pickers of MUI X.',
      './languages': 'The texts, in other languages and in your own words.',
      '.': 'All of the above but the pickers and the languages, and these.',
    },
    parts: [],
  },
}

/** The text between a position and where all brackets that were opened since are closed, up to one of `ends`. */
function statement(text, start, ends) {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const letter = text[at]
    if (text.startsWith('/*', at)) at = text.indexOf('*/', at) + 1
    else if ('{(['.includes(letter) || (letter === '<' && /[\w,]/.test(text[at - 1] ?? ''))) depth++
    else if ('})]'.includes(letter) || (letter === '>' && text[at - 1] !== '=' && depth > 0)) depth--
    if (depth === 0 && ends.includes(text[at])) return text.slice(start, at + 1)
  }
  return text.slice(start)
}

/** What a JSDoc comment says, and its default: `{text, fallback}`. */
function said(comment) {
  const lines = comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map(line => line.replace(/^\s*\* ?/, '').trimEnd())
  const text = lines.join('\n').replace(/^\s+/, '')
  const fallback = /@default ([^\n]+)/.exec(text)?.[1] ?? null
  const params = [...text.matchAll(/@param (\w+) ([^\n]+)/g)].map(([, name, about]) => `\`${name}\`: ${about}`)
  return { text: text.replace(/\s*@(default|param|returns)[^\n]*/g, '').trim(), fallback, params }
}

const NOTHING = { text: '', fallback: null, params: [] }
const COMMENT = String.raw`(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*)?`

/** The declarations of a file, by name. */
function declarations(file) {
  const text = readFileSync(file, 'utf8')
  const found = new Map()
  const pattern = new RegExp(
    `^${COMMENT}export (?:declare )?(?:abstract )?(function|const|class|interface|type) (\\w+)`,
    'gm',
  )
  for (const match of text.matchAll(pattern)) {
    const [, comment, kind, name] = match
    const start = match.index + (comment?.length ?? 0)
    const source = statement(text, start, kind === 'class' || kind === 'interface' ? ['}'] : [';'])
    const entry = found.get(name) ?? { name, kind, file, about: NOTHING, sources: [] }
    if (comment) entry.about = said(comment.trim())
    entry.sources.push(source.replace(/^export (declare )?/, ''))
    found.set(name, entry)
  }
  return found
}

/** The names that an index hands on: `[{name, as, file}]`. */
function handedOn(file) {
  const text = readFileSync(file, 'utf8')
  const found = []
  for (const [, names, from] of text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)) {
    const target = resolve(dirname(file), from.replace(/\.js$/, '.d.ts'))
    for (const part of names
      .split(',')
      .map(each => each.trim().replace(/^type /, ''))
      .filter(Boolean)) {
      const [name, as = name] = part.split(' as ')
      found.push({ name, as, file: target })
    }
  }
  for (const [, from] of text.matchAll(/^export (?:type )?\* from '([^']+)'/gm)) {
    const target = resolve(dirname(file), from.replace(/\.js$/, '.d.ts'))
    for (const name of declarations(target).keys()) found.push({ name, as: name, file: target })
  }
  return found.length ? found : [...declarations(file).keys()].map(name => ({ name, as: name, file }))
}

/** The declaration of a name, wherever a file has it from. */
function find(name, file) {
  const own = declarations(file).get(name)
  if (own) return own
  const from = handedOn(file).find(each => each.as === name && each.file !== file)
  return from ? find(from.name, from.file) : null
}

/** The public members of an interface or a class, those of one name together. */
function members(source) {
  const body = source.slice(source.indexOf('{') + 1, source.lastIndexOf('}'))
  const found = new Map()
  let at = 0
  while (at < body.length) {
    const rest = body.slice(at)
    const [lead, comment] = new RegExp(`^\\s*${COMMENT}`).exec(rest)
    const text = statement(body, at + lead.length, [';'])
    if (!text.trim()) break
    at += lead.length + text.length
    const name =
      /^(?:readonly |static |get |set |protected |private |override |abstract )*([\w$#]+|\[[^\]]+\]|\()/.exec(text)?.[1]
    if (!name || name.startsWith('#') || /^(private|protected|set) /.test(text)) continue
    const entry = found.get(name) ?? { name: name === '(' ? 'call' : name, about: NOTHING, types: [] }
    if (comment) entry.about = said(comment.trim())
    entry.types.push(
      text
        .replace(/^get (\w+)\(\)/, '$1')
        .replace(/^(readonly|override) /, '')
        .replace(/;$/, '')
        .replace(/\s+/g, ' '),
    )
    found.set(name, entry)
  }
  return [...found.values()]
}

/** Members of a class that is not exported itself. */
function inherited({ kind, sources, file }) {
  const [, parent] = kind === 'class' ? (/ extends (\w+)/.exec(sources[0]) ?? []) : []
  if (!parent || parent === 'Error') return []
  const from = new RegExp(`import \\{[^}]*\\b${parent}\\b[^}]*\\} from '([^']+)'`).exec(readFileSync(file, 'utf8'))?.[1]
  const entry = from ? declarations(resolve(dirname(file), from.replace(/\.js$/, '.d.ts'))).get(parent) : undefined
  const own = new Set(members(sources[0]).map(({ name }) => name))
  return entry ? members(entry.sources[0]).filter(({ name }) => !own.has(name) && name !== 'constructor') : []
}

const cell = text => text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')
const code = text => (text.includes('`') ? `\`\` ${cell(text)} \`\`` : `\`${cell(text)}\``)

function table(entry) {
  const rows = [...members(entry.sources[0]), ...inherited(entry)].map(({ about, types }) => {
    const meaning = [about.text, about.fallback && `Default: ${about.fallback}.`, ...about.params]
      .filter(Boolean)
      .join(' ')
    return `| ${types.map(code).join('<br>')} | ${cell(meaning)} |`
  })
  const head = entry.sources[0].slice(0, entry.sources[0].indexOf('{')).trim()
  const above = /extends|implements/.test(head) ? [`\`${head.replace(/\s+/g, ' ')}\``, ''] : []
  return rows.length ? [...above, '| Member | Meaning |', '|---|---|', ...rows] : above
}

function described({ as, entry }) {
  const lines = [`### ${as}`, '']
  if (as !== entry.name) return [...lines, `The same as \`${entry.name}\`.`, '']
  if (entry.about.text) lines.push(entry.about.text.replace(/([^\n])\n(- [^\n]*(?:\n- |$))/, '$1\n\n$2'), '')
  if (entry.about.params.length) lines.push(...entry.about.params.map(each => `- ${each}`), '')
  if (entry.kind === 'interface' || entry.kind === 'class') lines.push(...table(entry))
  else lines.push('```ts', ...entry.sources, '```')
  return [...lines, '']
}

function page(name, declared) {
  const { title, entries, parts } = PACKAGES[name]
  const { exports } = JSON.parse(readFileSync(join(root, `packages/${name}/package.json`), 'utf8'))
  const left = Object.keys(exports).filter(
    entry => !(entry in entries || parts.includes(entry) || entry === './package.json'),
  )
  if (left.length) throw new Error(`tools/reference.mjs says nothing of ${left.join(', ')}`)
  const lines = [
    `# ${title}`,
    '',
    `<!-- written by tools/reference.mjs (npm run reference): change the comments in packages/${name}/src instead -->`,
    '',
    `Every export of \`@channels-binding/${name}\`. How they work together is told in its [README](../../packages/${name}/README.md).`,
    '',
  ]
  const told = new Set() // what another entry hands on as well
  for (const [entry, about] of Object.entries(entries)) {
    const index = join(declared, exports[entry].types.replace('./dist/', ''))
    const all = handedOn(index).map(({ name, as, file }) => ({ as, entry: find(name, file), name, file }))
    const missing = all.filter(each => each.entry === null)
    if (missing.length) throw new Error(`${entry}: nothing is found of ${missing.map(({ name }) => name).join(', ')}`)
    const isType = ({ entry: { kind } }) => kind === 'interface' || kind === 'type'
    const untold = all.filter(({ as, entry: { file } }) => !told.has(`${file} ${as}`))
    for (const { as, entry } of untold) told.add(`${entry.file} ${as}`)
    const sorted = untold.sort((a, b) => Number(isType(a)) - Number(isType(b)) || a.as.localeCompare(b.as, 'en'))
    lines.push(`## ${`@channels-binding/${name}${entry.slice(1)}`}`, '', about, '', ...sorted.flatMap(described))
  }
  return `${lines
    .join('\n')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`
}

const asked = process.argv.slice(2).filter(argument => argument in PACKAGES)
for (const [name, { page: file }] of Object.entries(PACKAGES)) {
  if (asked.length && !asked.includes(name)) continue
  const declared = mkdtempSync(join(tmpdir(), 'reference-'))
  try {
    const options = [
      '--noCheck',
      '--emitDeclarationOnly',
      '--declarationMap',
      'false',
      '--sourceMap',
      'false',
      '--outDir',
      declared,
    ]
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', `packages/${name}/tsconfig.json`, ...options], {
      cwd: root,
      stdio: 'inherit',
    })
    const text = page(name, declared)
    if (!process.argv.includes('--check')) writeFileSync(join(root, file), text)
    else if (readFileSync(join(root, file), 'utf8') !== text) {
      console.error(`${file} is not up to date: npm run reference`)
      process.exitCode = 1
    }
  } finally {
    rmSync(declared, { recursive: true, force: true })
  }
}

// Bundles a page into one script, on standard output: `node build.mjs > page.js`, `node build.mjs ../frames/page.tsx > page.js`.
import { rolldown } from 'rolldown'

const packages = new URL('../../../', import.meta.url).pathname
const entries = {
  '@channels-binding/core': 'core/src/index.ts',
  '@channels-binding/mui/form': 'mui/src/form/index.ts',
  '@channels-binding/mui/table': 'mui/src/table/index.ts',
}
for (const name of ['react', 'testing', 'writes', 'presence'])
  entries[`@channels-binding/core/${name}`] = `core/src/${name}/index.ts`

const bundle = await rolldown({
  input: new URL(process.argv[2] ?? 'page.tsx', import.meta.url).pathname,
  resolve: {
    extensionAlias: { '.js': ['.ts', '.tsx', '.js'] },
    alias: Object.fromEntries(Object.entries(entries).map(([name, path]) => [`${name}$`, packages + path])),
  },
  transform: { jsx: 'react-jsx', define: { 'process.env.NODE_ENV': '"production"' } },
  logLevel: 'silent',
})
const { output } = await bundle.generate({ format: 'iife', codeSplitting: false })
process.stdout.write(output[0].code)

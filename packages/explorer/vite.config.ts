import { defineConfig, type Plugin } from 'vite'

/** Parts of a table that it loads once it is asked for them, and that the explorer never asks for: they are left out of the package. */
const UNUSED = /\/(TableToolbar|TotalsBar|CardList|DropdownPanel|PresentGrid)\.js$/

/** The grid's own filters, toolbar and printing, which a table does not use: streams have theirs. */
const UNUSED_OF_GRID =
  /\/(GridFilterPanel|GridFilterForm|GridToolbar|useGridPrintExport|GridFilterInput(?!Boolean)\w+)\.m?js$/

const withoutUnused: Plugin = {
  name: 'without-unused-parts',
  enforce: 'pre',
  resolveId: (id, importer = '') => {
    if (UNUSED.test(id) && importer.includes('/mui/dist/table/')) return '\0unused:default'
    const [, name] = (importer.includes('/x-data-grid/') && UNUSED_OF_GRID.exec(id)) || []
    return name ? `\0unused:${name}` : null
  },
  load: id => {
    const [, name] = /^\0unused:(\w+)$/.exec(id) ?? []
    return name ? `export ${name === 'default' ? name : `const ${name} =`} () => null` : null
  },
}

/** The page itself is made by Django (`channels_binding.explorer.page`), which finds the files by the manifest. */
export default defineConfig({
  base: './', // wherever the project has put it
  plugins: [withoutUnused],
  build: {
    outDir: '../../src/channels_binding/explorer/dist',
    emptyOutDir: true,
    manifest: 'manifest.json',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: 'src/main.tsx',
      // Material UI's files say "use client", which means nothing in a bundle.
      checks: { moduleLevelDirective: false },
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /react-dom|scheduler|node_modules\/react\// },
            { name: 'form', test: /react-hook-form/ },
            { name: 'grid', test: /x-data-grid|x-virtualizer|x-internals|base-ui|reselect/ },
            { name: 'shared', test: /./, minShareCount: 2 },
          ],
        },
      },
    },
  },
})

import { defineConfig } from 'vite'

const backend = `http://127.0.0.1:${process.env.PORT ?? 8000}`

/** What every page is made of: in one file each, which compresses better than fifty small ones. */
const EVERYWHERE =
  /node_modules\/(react-is|stylis|@emotion|@mui\/(system|styled-engine|utils|private-theming)|@mui\/material\/(styles|utils|internal|zero-styled|Box|Button|ButtonBase|Chip|IconButton|Paper|Stack|SvgIcon|Typography|CssBaseline))\/|packages\/core\/dist\/(?!devtools|persist|presence|testing|http)|@tanstack/

export default defineConfig(({ command }) => ({
  // Django serves the built files under this path; while developing, Vite serves the page itself.
  base: command === 'build' ? '/static/app/' : '/',
  build: {
    manifest: true, // tests/browser/test_first_view.py reads it
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      // Material UI's files say "use client", which means nothing in a bundle.
      checks: { moduleLevelDirective: false },
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react-dom|scheduler|react)\// },
            { name: 'everywhere', test: EVERYWHERE },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/ws': { target: backend, ws: true },
      ...Object.fromEntries(
        ['/api', '/demo', '/login', '/logout', '/attachments', '/favicon.ico'].map(path => [path, backend]),
      ),
    },
  },
}))

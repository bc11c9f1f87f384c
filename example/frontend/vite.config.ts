import { defineConfig } from 'vite'

const backend = `http://127.0.0.1:${process.env.PORT ?? 8000}`

export default defineConfig(({ command }) => ({
  // Django serves the built files under this path; while developing, Vite serves the page itself.
  base: command === 'build' ? '/static/app/' : '/',
  build: {
    chunkSizeWarningLimit: 900,
    // Material UI's files say "use client", which means nothing in a bundle.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
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

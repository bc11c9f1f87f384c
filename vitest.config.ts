import { defineConfig } from 'vitest/config'

const source = (path: string): string => new URL(`packages/${path}`, import.meta.url).pathname

export default defineConfig({
  resolve: {
    alias: [
      {
        find: /^@channels-binding\/core\/(react|testing|forms|writes|persist|presence|devtools)$/,
        replacement: source('core/src/$1/index.ts'),
      },
      {
        find: /^@channels-binding\/core\/(devtools\/log|presence\/room)$/,
        replacement: source('core/src/$1.ts'),
      },
      { find: /^@channels-binding\/core$/, replacement: source('core/src/index.ts') },
      {
        find: /^@channels-binding\/mui\/(table|form|filters|presence|pickers|languages)$/,
        replacement: source('mui/src/$1/index.ts'),
      },
      { find: /^@channels-binding\/mui$/, replacement: source('mui/src/index.ts') },
    ],
  },
  test: {
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.{ts,tsx}'],
      // The explorer's page is driven by tests/browser/test_explorer.py; what it computes is tested here.
      exclude: [
        'packages/explorer/src/**/*.tsx',
        'packages/explorer/src/{clients,config,context,server,theme}.ts',
        'packages/explorer/src/figures/useServerFigures.ts',
      ],
      reporter: ['text', 'json'],
      reportsDirectory: 'artifacts/coverage',
      thresholds: { lines: 95, branches: 95, functions: 95, statements: 95 },
    },
    projects: [
      {
        extends: true,
        test: { name: 'core', environment: 'node', include: ['packages/*/tests/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'react',
          environment: 'jsdom',
          include: ['packages/*/tests/**/*.test.tsx'],
          setupFiles: ['packages/core/tests/setup.ts'],
          server: { deps: { inline: [/@mui\/x-/] } },
          testTimeout: 120_000,
          // One page and one reading of Material UI per process, not per file: half of the time was spent on these.
          isolate: false,
          restoreMocks: true,
          unstubGlobals: true,
        },
      },
    ],
  },
})

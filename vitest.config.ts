import { defineConfig } from 'vitest/config';

// Decorator metadata is what Nest's injection and TypeORM's entities read.
export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    globalSetup: ['test/src/support/global-setup.ts'],
    include: [
      '{apps,libs}/*/src/**/*.spec.ts',
      'workflows/src/**/*.spec.ts',
      'activities/src/**/*.spec.ts',
      'test/src/**/*.spec.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
});

import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { orderSpecs, WORKERS } from './test/src/support/spec-order.js';

/** See {@link orderSpecs}. */
class LongOnesFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byPath = new Map(files.map((file) => [relative(import.meta.dirname, file.moduleId), file]));
    return Promise.resolve(orderSpecs([...byPath.keys()]).flatMap((path) => byPath.get(path) ?? []));
  }
}

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
    maxWorkers: WORKERS,
    sequence: { sequencer: LongOnesFirst },
  },
});

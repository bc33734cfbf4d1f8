import { defineConfig } from 'vitest/config';

/**
 * Two projects: `unit` runs beside the sources in parallel; `cluster` runs on the real control plane, two files at a
 * time: each starts clusters of its own and mostly waits for them, and the machine may have two cores.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/{cluster,e2e,action,truth}/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_800_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});

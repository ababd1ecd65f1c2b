// One Vite configuration for the app, the command line bundle (mode "cli") and both kinds of vitest project.
import { cpus } from 'node:os';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArgs, chromiumPath } from './tests/support/chromium.ts';
import { filesAlone } from './tests/support/files-alone.ts';
import { iconOutline } from './scripts/icon-outline.mjs';
import { licencesPlugin } from './scripts/licences.mjs';
import { noRequestContext } from './scripts/no-request-context.mjs';
import { workerSource } from './scripts/worker-source.mjs';

const alone = filesAlone(import.meta.dirname);
const setupFiles = ['tests/support/no-network.ts', 'tests/support/remove-folders.ts'];

export default defineConfig({
	plugins: [workerSource(), noRequestContext(), licencesPlugin(), iconOutline(), tailwindcss(), sveltekit()],
	build: { chunkSizeWarningLimit: 700 },
	test: {
		// A busy machine is slow, not wrong.
		expect: { requireAssertions: true, poll: { timeout: 10_000 } },
		// Tests mostly wait for programs they started: two files at a time even where there are two processors.
		maxWorkers: Math.max(2, Math.floor(cpus().length / 2)),
		projects: [
			{
				extends: true,
				test: {
					name: 'bench',
					environment: 'node',
					include: process.env.BENCH_REPORT ? ['tests/bench/**/*.bench.ts'] : [],
					setupFiles: ['tests/support/remove-folders.ts'],
					// A benchmark reports; whether an aim is met is the table's to say.
					expect: { requireAssertions: false },
					testTimeout: 900_000,
					hookTimeout: 300_000,
				},
			},
			{
				extends: true,
				test: {
					name: 'faults',
					environment: 'node',
					include: process.env.FAULTS ? ['tests/faults/**/*.faults.ts'] : [],
					setupFiles: ['tests/support/remove-folders.ts'],
					testTimeout: 3_600_000,
					hookTimeout: 300_000,
				},
			},
			{
				extends: true,
				test: {
					name: 'server',
					environment: 'node',
					include: ['tests/**/*.test.ts'],
					exclude: ['tests/e2e/**', 'tests/**/*.svelte.test.ts', 'tests/faults/**', ...alone],
					setupFiles,
					isolate: false,
					testTimeout: 30_000,
				},
			},
			{
				extends: true,
				test: {
					name: 'server-alone',
					environment: 'node',
					include: alone,
					setupFiles,
					testTimeout: 30_000,
				},
			},
			{
				extends: true,
				// Everything that components import is bundled before the first test, not while one runs.
				optimizeDeps: { entries: ['src/lib/**/*.svelte', 'tests/**/*.svelte.test.ts'] },
				test: {
					name: 'browser',
					include: ['tests/**/*.svelte.test.ts'],
					browser: {
						enabled: true,
						headless: true,
						screenshotFailures: false,
						provider: playwright({ launchOptions: { executablePath: chromiumPath, args: chromiumArgs } }),
						instances: [{ browser: 'chromium' }],
					},
				},
			},
		],
	},
});

// One Vite configuration for the app, the command line bundle (mode "cli") and both kinds of vitest project.
import { existsSync } from 'node:fs';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { workerSource } from './scripts/worker-source.mjs';

const chromium = process.env.CHROMIUM_PATH ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);
const quietChromium = [
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--disable-gpu',
	...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

export default defineConfig({
	plugins: [workerSource(), tailwindcss(), sveltekit()],
	build: { chunkSizeWarningLimit: 700 },
	test: {
		expect: { requireAssertions: true },
		projects: [
			{
				extends: true,
				test: {
					name: 'bench',
					environment: 'node',
					include: process.env.BENCH_REPORT ? ['tests/bench/**/*.bench.ts'] : [],
					testTimeout: 900_000,
					hookTimeout: 300_000,
				},
			},
			{
				extends: true,
				test: {
					name: 'server',
					environment: 'node',
					include: ['tests/**/*.test.ts'],
					exclude: ['tests/e2e/**', 'tests/**/*.svelte.test.ts', 'tests/faults/**'],
					setupFiles: ['tests/support/no-network.ts'],
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
						provider: playwright({ launchOptions: { executablePath: chromium, args: quietChromium } }),
						instances: [{ browser: 'chromium' }],
					},
				},
			},
		],
	},
});

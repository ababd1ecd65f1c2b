// End-to-end tests: real Chromium against real servers that each test file starts on loopback.
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const chromium = process.env.CHROMIUM_PATH ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);
const quiet = [
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--disable-gpu',
];

export default defineConfig({
	testDir: 'tests/e2e',
	fullyParallel: false,
	workers: 2,
	timeout: 45_000,
	expect: { timeout: 10_000 },
	reporter: 'list',
	use: {
		browserName: 'chromium',
		viewport: { width: 1440, height: 900 },
		launchOptions: {
			executablePath: chromium,
			args: process.getuid?.() === 0 ? [...quiet, '--no-sandbox'] : quiet,
		},
	},
});

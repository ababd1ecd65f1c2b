// End-to-end tests: real Chromium against real servers that each test file starts on loopback.
import { defineConfig } from '@playwright/test';
import { chromiumArgs, chromiumPath } from './tests/support/chromium.ts';

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
		launchOptions: { executablePath: chromiumPath, args: chromiumArgs },
	},
});

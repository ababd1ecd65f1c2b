// The browser of all tests: which Chromium, and the switches that keep it from calling home.
import { existsSync } from 'node:fs';

/** Path of the Chromium to start; undefined: Playwright's own. */
export const chromiumPath =
	process.env.CHROMIUM_PATH ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);

/** Start switches; root may not use the sandbox. */
export const chromiumArgs = [
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--disable-gpu',
	...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

#!/usr/bin/env node
// Starts the built command line; says what to do when it has not been built yet.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../build/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) {
	await import(main.href);
} else {
	process.stderr.write('Modeldex is not built yet: run "npm run build" (or "npm start") in its folder first.\n');
	process.exitCode = 1;
}

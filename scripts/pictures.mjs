// Takes the pictures of docs/pictures from a real run: the built app, an empty data directory, no network.
// With a folder as argument: every page, wide and narrow, light and dark, into that folder, to look at.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { alone, browser, cleanEnv, install, root } from './setup.mjs';

await alone(async () => {
	await install();
	await build();
});
const { chromium } = await import('playwright-core');
const out = process.argv[2] ?? join(root, 'docs', 'pictures');
mkdirSync(out, { recursive: true });
const home = mkdtempSync(join(tmpdir(), 'modeldex-pictures-'));
const env = { ...cleanEnv(), PORT: '0', MODELDEX_HOME: home, HF_HOME: join(home, 'hf'), HF_HUB_OFFLINE: '1' };
const server = spawn(process.execPath, [join(root, 'bin/modeldex.js'), 'serve'], { env, stdio: ['ignore', 'pipe', 2] });
const url = await new Promise((resolve) => {
	server.stdout?.on('data', (chunk) => {
		const found = /ready on (http:\/\/\S+)/.exec(String(chunk));
		if (found) resolve(found[1]);
	});
});

const args = [
	'--disable-gpu',
	'--disable-background-networking',
	...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];
const chrome = await chromium.launch({ executablePath: await browser(), args });
const wide = { width: 1440, height: 900 };
const narrow = { width: 390, height: 844 };

/**
 * @param {string} name @param {string} path @param {'light' | 'dark'} theme @param {typeof wide} viewport
 * @param {(page: import('playwright-core').Page) => Promise<unknown>} [act]
 */
async function picture(name, path, theme, viewport, act) {
	const page = await chrome.newPage({ viewport, colorScheme: theme, reducedMotion: 'reduce' });
	await page.goto(url + path);
	await page.locator('html[data-hydrated]').waitFor();
	await page.waitForLoadState('networkidle');
	await act?.(page);
	await page.screenshot({ path: join(out, `${name}-${theme}${viewport === narrow ? '-narrow' : ''}.png`) });
	await page.close();
}

/** @param {import('playwright-core').Page} page */
async function openSpecs(page) {
	await page.getByRole('button', { name: 'Show specs' }).first().click();
	await page.getByRole('button', { name: 'Hide specs' }).first().waitFor();
}

/** @param {import('playwright-core').Page} page */
async function openFilter(page) {
	await page.keyboard.press('f');
	await page.getByRole('dialog').waitFor();
	await page.waitForLoadState('networkidle');
}

async function everyPage() {
	for (const theme of /** @type {const} */ (['light', 'dark'])) {
		for (const viewport of [wide, narrow]) {
			await picture('models', '/models', theme, viewport);
			await picture('specs', '/models?q=qwen2.5-7b', theme, viewport, openSpecs);
			await picture('filter', '/models', theme, viewport, openFilter);
			await picture('filtered', '/models?family=Qwen&quantization=4', theme, viewport);
			await picture('empty', '/models?q=zzzz&family=Qwen', theme, viewport);
			await picture('table', '/models?view=table', theme, viewport);
			await picture('model', '/models/Qwen/Qwen2.5-7B-Instruct', theme, viewport);
		}
	}
}

if (process.argv[2]) await everyPage();
else {
	await picture('models', '/models', 'light', wide);
	await picture('models', '/models', 'dark', wide);
	await picture('filter', '/models', 'light', wide, openFilter);
}
await chrome.close();
server.kill('SIGTERM');
rmSync(home, { recursive: true, force: true });
process.stdout.write(`Pictures are in ${out}\n`);

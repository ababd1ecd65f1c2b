// One built app for all browser tests of a file.
import { test, type Page } from '@playwright/test';
import { startApp, type AppServer } from './app-server.ts';

interface ServedApp {
	readonly url: string;
	/** Opens a page of it and waits until its script has taken over. */
	open(page: Page, path: string): Promise<void>;
}

/** Starts the app before the first test of the file that calls this, and ends it after the last. */
export function servedApp(options: Parameters<typeof startApp>[0] = {}): ServedApp {
	let app: AppServer | null = null;
	test.beforeAll(async () => {
		app = await startApp(options);
	});
	test.afterAll(async () => {
		await app?.stop();
	});
	const url = () => app?.url ?? '';
	return {
		get url() {
			return url();
		},
		open: async (page, path) => {
			await page.goto(url() + path);
			await page.locator('html[data-hydrated]').waitFor();
		},
	};
}

// Run once by the build: fills a database with the shipped catalog and keeps it for first starts to copy.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { emptyQuery } from '#lib/core/query.ts';
import { createApp } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { stockPath } from '#lib/server/stock.ts';
import { forget, writeCopy } from '#lib/server/store/copies.ts';
import { version } from '../../package.json';

const home = mkdtempSync(join(tmpdir(), 'modeldex-stock-'));
try {
	const settings = readSettings({ HOME: home, MODELDEX_HOME: home, HF_HUB_OFFLINE: '1' }, () => null);
	const { database, catalog, snapshot, close } = await createApp({ settings, version, background: false, env: {} });
	const path = stockPath({ snapshot: snapshot.version, product: version });
	if (path === null) throw new Error('Only a build is stocked.');
	catalog.list(emptyQuery);
	forget(database);
	rmSync(dirname(path), { recursive: true, force: true });
	mkdirSync(dirname(path), { recursive: true });
	writeCopy(database, path);
	await close();
} finally {
	rmSync(home, { recursive: true, force: true });
}

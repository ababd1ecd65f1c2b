// A first start copies the catalog the build has stocked: as full as one read line by line, and with names of its own.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { readSnapshot } from '#lib/server/snapshot.ts';
import { stockPath, stockUp } from '#lib/server/stock.ts';
import { forget, nameOwn } from '#lib/server/store/copies.ts';
import { readMeta } from '#lib/server/store/meta.ts';
import { startApp } from '../support/app-server.ts';
import { projectFolder } from '../support/built-server.ts';

const root = mkdtempSync(join(tmpdir(), 'modeldex-stock-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
function fresh(): string {
	count += 1;
	const folder = join(root, String(count));
	mkdirSync(folder);
	return folder;
}

function open(directory: string, prepare: (database: Database) => void): Database {
	return openDatabase({ directory, now: () => new Date(), prepare }).database;
}

/** Every row of the tables that the shipped catalog fills. */
function contents(database: Database): unknown {
	const models = database.all('SELECT * FROM models ORDER BY id');
	const words = database.all("SELECT count(*) FROM model_words WHERE model_words MATCH 'qwen'");
	return [models, words, readMeta(database, 'snapshot'), readMeta(database, 'snapshot_as_of')];
}

async function fromSources(): Promise<App> {
	const home = fresh();
	const settings = readSettings({ HOME: home, MODELDEX_HOME: home, HF_HUB_OFFLINE: '1' }, () => null);
	const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
	return createApp({ settings, version, background: false });
}

describe('the stocked database', () => {
	it('makes a first start as full as reading the snapshot does, under names of its own', async () => {
		const homes = [fresh(), fresh()];
		for (const home of homes) await (await startApp({ home })).stop();
		const copies = homes.map((home) => open(home, () => undefined));
		const app = await fromSources();
		try {
			for (const copy of copies) expect(contents(copy)).toEqual(contents(app.database));
			const names = [...copies, app.database].flatMap((one) => [readMeta(one, 'database'), readMeta(one, 'user')]);
			expect(new Set(names).size).toBe(6);
			for (const name of names) expect(name).toMatch(/^(user-)?[0-9a-f]{12}$/);
			for (const home of homes) {
				expect(readdirSync(home).filter((name) => name.endsWith('.new'))).toEqual([]);
				expect(statSync(join(home, 'modeldex.db')).mode & 0o777).toBe(0o600);
			}
		} finally {
			for (const copy of copies) copy.close();
			await app.close();
		}
	});

	it('goes with a build only, and lies there after it', () => {
		const of = { snapshot: readSnapshot().version, product: '1.2.3' };
		expect(stockPath(of)).toBeNull();
		const inBuild = stockPath(of, pathToFileURL(join(projectFolder, 'build/cli/main.js')).href);
		expect(inBuild).toMatch(/build.stock.catalog-\d+-[0-9a-f]+-1\.2\.3\.db$/);
		expect(readdirSync(join(projectFolder, 'build/stock'))).toHaveLength(1);
	});

	it('is copied to where nothing is, and nowhere else', () => {
		const stock = join(fresh(), 'stock.db');
		writeFileSync(stock, 'stocked');
		const home = fresh();
		const path = join(home, 'modeldex.db');
		stockUp(path, null);
		stockUp(path, join(home, 'no-such.db'));
		expect(readdirSync(home)).toEqual([]);
		writeFileSync(`${path}-wal`, 'the log of a lost database');
		stockUp(path, stock);
		expect(readdirSync(home)).toEqual(['modeldex.db-wal']);
		rmSync(`${path}-wal`);
		stockUp(path, stock);
		expect(readFileSync(path, 'utf8')).toBe('stocked');
		writeFileSync(path, 'mine');
		stockUp(path, stock);
		expect(readFileSync(path, 'utf8')).toBe('mine');
	});

	it('keeps the names a database has, and makes new ones for a copy', () => {
		const database = open(fresh(), (opened) => migrate(opened));
		const before = readMeta(database, 'user');
		nameOwn(database);
		expect(readMeta(database, 'user')).toBe(before);
		forget(database);
		expect(readMeta(database, 'user')).toBe('');
		nameOwn(database);
		expect(readMeta(database, 'user')).toMatch(/^user-[0-9a-f]{12}$/);
		expect(readMeta(database, 'user')).not.toBe(before);
		database.close();
	});
});

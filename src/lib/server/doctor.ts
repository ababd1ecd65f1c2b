// Looks at everything Modeldex needs on this machine and says of each thing, in one sentence, whether it is well.
import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toFailure } from '#lib/core/failure.ts';
import { goneSentence } from '#lib/core/place.ts';
import type { App } from '#lib/server/app.ts';
import type { Settings } from '#lib/server/config.ts';

/** One thing that was looked at. `note`: not wrong, but worth knowing; `fail`: Modeldex cannot do its work. */
export interface Finding {
	name: 'node' | 'data folder' | 'database' | 'hub' | 'token' | 'model cache' | 'default runtime';
	state: 'ok' | 'note' | 'fail';
	says: string;
}

interface Examination {
	settings: Settings;
	/** Version of Node, such as `22.12.0`. */
	node: string;
	/** Makes the app on these settings; it is closed when the examination ends. */
	open: () => Promise<App>;
	signal: AbortSignal;
}

/** How long the Hub may take to answer the one small question that is asked. */
const hubPatienceMs = 8_000;

/** Does this version of Node run Modeldex? (The ranges of `engines` in package.json.) */
function isGoodNode(version: string): boolean {
	const [major = 0, minor = 0] = version.split('.').map(Number);
	return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
}

function nodeFinding(version: string): Finding {
	if (isGoodNode(version)) return { name: 'node', state: 'ok', says: `Node ${version}` };
	return { name: 'node', state: 'fail', says: `Node ${version} is not supported: use 20.19+, 22.12+ or 24+` };
}

async function folderFinding({ home }: Settings): Promise<Finding> {
	const probe = join(home, `.probe-${process.pid}`);
	try {
		await mkdir(home, { recursive: true });
		await writeFile(probe, '');
		await rm(probe);
		return { name: 'data folder', state: 'ok', says: `${home} can be written` };
	} catch (error) {
		const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
		return { name: 'data folder', state: 'fail', says: `${home} cannot be written${code}; set MODELDEX_HOME` };
	}
}

function databaseFinding({ catalog }: App): Finding {
	const models = catalog.counts().catalog.toLocaleString('en');
	const age = catalog.updatedAt === null ? 'as shipped, not refreshed yet' : `refreshed ${catalog.updatedAt}`;
	return { name: 'database', state: 'ok', says: `opens, ${models} models, ${age}` };
}

async function hubFinding({ hub, settings }: App, signal: AbortSignal): Promise<Finding> {
	const { hubEndpoint, offline } = settings;
	if (offline) return { name: 'hub', state: 'note', says: `${hubEndpoint} is not asked: HF_HUB_OFFLINE is set` };
	const patience = AbortSignal.any([signal, AbortSignal.timeout(hubPatienceMs)]);
	try {
		const order = { most: 1, pageSize: 1, expand: ['sha'] };
		for await (const page of hub.list(order, { signal: patience })) {
			if (page.rows.length > 0) return { name: 'hub', state: 'ok', says: `${hubEndpoint} answers` };
		}
		return { name: 'hub', state: 'note', says: `${hubEndpoint} answers, but lists no model` };
	} catch (error) {
		signal.throwIfAborted();
		const late = `did not answer within ${hubPatienceMs / 1000} seconds`;
		const why = patience.aborted ? `${hubEndpoint} ${late}` : toFailure(error).message.replace(/\.$/, '');
		return { name: 'hub', state: 'note', says: `${why} (what is stored here still works)` };
	}
}

function tokenFinding({ hub }: App): Finding {
	const words = {
		none: 'none; enough for everything that is not gated',
		unchecked: 'there is one; nobody has asked yet whether it is good',
		ok: 'there is one, and the Hub accepts it',
		rejected: 'there is one, but the Hub rejects it: make a new one or unset HF_TOKEN',
	};
	return { name: 'token', state: hub.tokenState === 'rejected' ? 'note' : 'ok', says: words[hub.tokenState] };
}

async function cacheFinding({ shelf, settings }: App): Promise<Finding> {
	const { hubCache } = settings;
	try {
		await access(hubCache, constants.R_OK);
	} catch {
		return { name: 'model cache', state: 'note', says: `${hubCache} is not there yet: no models on this machine` };
	}
	const copies = (await shelf.look()).held.filter(({ copy }) => copy.root === hubCache);
	const broken = copies.filter(({ copy }) => copy.broken !== null).length;
	const models = copies.length - broken;
	const bad = broken === 0 ? '' : `, ${broken} more cannot be used`;
	const says = `${hubCache} holds ${models} ${models === 1 ? 'model' : 'models'}${bad}`;
	return { name: 'model cache', state: broken === 0 ? 'ok' : 'note', says };
}

/** A default runtime that the registry file no longer has; null where all is well. */
function runtimeFinding({ preferences }: App): Finding | null {
	const says = goneSentence(preferences.place);
	return says === null ? null : { name: 'default runtime', state: 'note', says: says.replace(/\.$/, '') };
}

/** Looks at one thing after the other; what follows from a failed one is left out. Throws only when aborted. */
export async function* examine({ settings, node, open, signal }: Examination): AsyncGenerator<Finding> {
	yield nodeFinding(node);
	const folder = await folderFinding(settings);
	yield folder;
	if (folder.state === 'fail') return;
	let app: App;
	try {
		app = await open();
	} catch (error) {
		yield { name: 'database', state: 'fail', says: toFailure(error).message };
		return;
	}
	try {
		yield databaseFinding(app);
		yield await hubFinding(app, signal);
		yield tokenFinding(app);
		yield await cacheFinding(app);
		const runtime = runtimeFinding(app);
		if (runtime !== null) yield runtime;
	} finally {
		await app.close();
	}
}

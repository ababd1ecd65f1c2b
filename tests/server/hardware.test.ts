// The devices of a machine: what people enter, which one is meant, and the routes over it all.
import type { RequestEvent } from '@sveltejs/kit';
import { afterEach, describe, expect, it } from 'vitest';
import type { Device } from '#lib/core/hardware.ts';
import type { ModelRecord } from '#lib/core/model.ts';
import type { App } from '#lib/server/app.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openDatabase, openInMemory, type Database } from '#lib/server/database.ts';
import { Hardware, type HardwareAnswer, type Machine } from '#lib/server/hardware.ts';
import { migrate } from '#lib/server/migrations.ts';
import { GET, PUT } from '../../src/routes/api/hardware/+server.ts';
import { GET as listModels } from '../../src/routes/api/models/+server.ts';
import { temporaryFolder } from '../support/folder.ts';
import { randomRecords } from '../support/records.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;
const home = temporaryFolder();
const databases: Database[] = [];
afterEach(() => {
	for (const database of databases.splice(0)) database.close();
});

interface Setting {
	machine?: Partial<Machine>;
	/** What each program prints; a missing one is not installed. */
	tools?: Record<string, string>;
	/** A data directory that outlives the test. */
	folder?: string;
	records?: ModelRecord[];
}

/** As much of the app as the routes here need. */
type Part = Pick<App, 'hardware' | 'catalog' | 'version'>;

function start({ machine = {}, tools = {}, folder, records = [] }: Setting = {}): Part {
	const opened = () =>
		folder === undefined
			? openInMemory()
			: openDatabase({ directory: folder, now: () => new Date(0), prepare: () => {} }).database;
	const database = opened();
	databases.push(database);
	migrate(database);
	const catalog = new Catalog(database);
	catalog.upsert(records);
	const plain: Machine = { platform: 'linux', memoryBytes: 32 * gib, limitBytes: null, processor: 'A Processor' };
	const hardware = new Hardware({
		database,
		catalog,
		machine: () => ({ ...plain, ...machine }),
		run: async (program) => tools[program] ?? null,
	});
	return { hardware, catalog, version: '1.2.3' };
}

const event = (app: Part, path: string, init?: RequestInit) => {
	const url = new URL(`http://127.0.0.1${path}`);
	return { url, request: new Request(url, init), locals: { app } };
};
const get = async (app: Part): Promise<HardwareAnswer> =>
	(await GET(event(app, '/api/hardware') as unknown as RequestEvent<Record<string, string>, '/api/hardware'>)).json();
const put = async (app: Part, body: unknown): Promise<HardwareAnswer> => {
	const init = { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
	const asked = event(app, '/api/hardware', init) as unknown as RequestEvent<Record<string, string>, '/api/hardware'>;
	return (await PUT(asked)).json();
};
const own = ({ devices }: HardwareAnswer) => devices.filter(({ kind }) => kind !== 'preset');

const entered = (part: Partial<Device> = {}): Device => ({
	id: 'the-lab-box',
	name: 'The lab’s box',
	kind: 'entered',
	memory_bytes: 96 * gib,
	bandwidth_bytes_per_second: null,
	accelerator: 'cuda',
	...part,
});

describe('GET /api/hardware', () => {
	it('has the processor where there is nothing else, and presets to choose from', async () => {
		const answer = await get(start());
		expect(answer.current).toBe('cpu');
		expect(own(answer)).toEqual([
			{
				id: 'cpu',
				name: 'A Processor',
				kind: 'detected',
				memory_bytes: 32 * gib,
				bandwidth_bytes_per_second: null,
				accelerator: 'cpu',
			},
		]);
		expect(answer.devices.filter(({ kind }) => kind === 'preset').length).toBeGreaterThan(50);
	});

	it('prefers the card with most memory, and counts the limit of a container', async () => {
		const tools = { 'nvidia-smi': '0, NVIDIA GeForce RTX 3060, 12288\n1, NVIDIA GeForce RTX 3090, 24576\n' };
		const answer = await get(start({ tools, machine: { limitBytes: 8 * gib } }));
		expect(answer.current).toBe('cuda-1');
		expect(own(answer).map(({ id, memory_bytes }) => [id, memory_bytes])).toEqual([
			['cuda-0', 12288 * mib],
			['cuda-1', 24576 * mib],
			['cpu', 8 * gib],
		]);
		const unlimited = await get(start({ machine: { limitBytes: 2 ** 63 } }));
		expect(own(unlimited)[0]?.memory_bytes).toBe(32 * gib);
	});

	it('has one device on a Mac, whose memory is shared', async () => {
		const tools = { sysctl: '17179869184\nApple M2\n8\n' };
		const answer = await get(start({ tools, machine: { platform: 'darwin' } }));
		expect(own(answer).map(({ id }) => id)).toEqual(['metal']);
		expect(answer.current).toBe('metal');
	});
});

describe('PUT /api/hardware', () => {
	it('keeps entered devices and the current one, over a restart too', async () => {
		const folder = `${home}/kept`;
		const app = start({ folder });
		const two = [entered(), entered({ id: 'old-laptop', memory_bytes: 8 * gib, accelerator: 'cpu' })];
		const answer = await put(app, { devices: two, current: 'old-laptop' });
		expect(answer).toEqual(await get(app));
		expect(own(answer).slice(1)).toEqual(two);
		databases.pop()?.close();
		const again = await get(start({ folder }));
		expect(again.current).toBe('old-laptop');
		expect(own(again).slice(1)).toEqual(two);
	});

	it('takes back what it gave, replaces what is entered, and chooses by itself again', async () => {
		const app = start();
		const first = await put(app, { devices: [entered()], current: 'rtx-4090-24gb' });
		expect(first.current).toBe('rtx-4090-24gb');
		expect(await put(app, first)).toEqual(first);
		expect((await put(app, { current: null })).current).toBe('cpu');
		expect((await put(app, { current: 'the-lab-box' })).current).toBe('the-lab-box');
		const none = await put(app, { devices: [] });
		expect([own(none).length, none.current]).toEqual([1, 'cpu']);
	});

	it.each([
		['another field', { colour: 'blue' }, 'unknown_field'],
		['another field of a device', { devices: [{ ...entered(), colour: 'blue' }] }, 'unknown_field'],
		['a device without memory', { devices: [{ ...entered(), memory_bytes: undefined }] }, 'invalid_body'],
		['no memory at all', { devices: [entered({ memory_bytes: 0 })] }, 'invalid_body'],
		['memory in words', { devices: [{ ...entered(), memory_bytes: '16GB' }] }, 'invalid_body'],
		['a bandwidth of zero', { devices: [entered({ bandwidth_bytes_per_second: 0 })] }, 'invalid_body'],
		['a bad id', { devices: [entered({ id: '../x' })] }, 'invalid_body'],
		['an empty name', { devices: [entered({ name: '  ' })] }, 'invalid_body'],
		['a name with control characters', { devices: [entered({ name: 'a\u001b[2J' })] }, 'invalid_body'],
		['an unknown accelerator', { devices: [{ ...entered(), accelerator: 'abacus' }] }, 'invalid_body'],
		['one id twice', { devices: [entered(), entered()] }, 'invalid_body'],
		['the id of a preset', { devices: [entered({ id: 'm2-16gb' })] }, 'invalid_body'],
		['the id of this machine', { devices: [entered({ id: 'cpu' })] }, 'invalid_body'],
		['a preset nobody has', { devices: [entered({ id: 'made-up', kind: 'preset' })] }, 'invalid_body'],
		['a current device that is none', { current: 'nothing' }, 'invalid_body'],
		['no object', [], 'invalid_body'],
	])('refuses %s', async (_what, body, code) => {
		const app = start();
		const before = await get(app);
		await expect(put(app, body)).rejects.toMatchObject({ code, status: 400 });
		expect(await get(app)).toEqual(before);
	});
});

describe('lists that must fit a device', () => {
	const records = randomRecords(300, 3);
	const list = async (app: Part, query: string) => {
		const asked = event(app, `/api/models${query}`) as unknown as RequestEvent<Record<string, string>, '/api/models'>;
		return listModels(asked);
	};
	const total = async (app: Part, query: string): Promise<number> => (await (await list(app, query)).json()).total;

	it('take an amount of memory, a preset, a device of this machine and an entered one', async () => {
		const tools = { 'nvidia-smi': '0, NVIDIA GeForce RTX 3060, 12288\n' };
		const app = start({ tools, records });
		const eleven = await total(app, `?fits=${11 * gib}`);
		expect(eleven).toBeGreaterThan(20);
		expect(await total(app, '?fits=cuda-0')).toBe(eleven);
		expect(await total(app, '?fits=rtx-3060-12gb')).toBe(eleven);
		expect(await total(app, '?fits=11GiB')).toBe(eleven);
		expect(await total(app, '?fits=1GB')).toBeLessThan(eleven);
		expect(await total(app, '?fits=11GiB&context=1m')).toBeLessThanOrEqual(eleven);
		await put(app, { devices: [entered({ id: 'same', memory_bytes: 12 * gib })] });
		expect(await total(app, '?fits=same')).toBe(eleven);
	});

	it('change their tag with the devices', async () => {
		const app = start();
		const tag = async () => (await list(app, '?fits=cpu')).headers.get('etag');
		const before = await tag();
		expect(await tag()).toBe(before);
		await put(app, { devices: [entered()] });
		expect(await tag()).not.toBe(before);
	});

	it.each(['?fits=nothing', '?fits=16QB', '?fits=-1', '?fits=16GB&context=0x', '?fits=..%2Fx'])(
		'refuse %s',
		async (query) => {
			const app = start();
			await expect(list(app, query)).rejects.toMatchObject({ code: 'invalid_query', status: 400 });
		},
	);
});

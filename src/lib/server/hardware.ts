// The devices models can run on: those of this machine, those a person entered, and those to choose from.
import { z } from 'zod';
import { parseMemory } from '#lib/core/amount.ts';
import { accelerators, deviceKinds } from '#lib/core/choice.ts';
import { mostMemoryBytes } from '#lib/core/amount.ts';
import { Failure } from '#lib/core/failure.ts';
import { namedMemory, type Device } from '#lib/core/hardware.ts';
import { presets } from '#lib/core/presets.ts';
import { quoted } from '#lib/core/repository.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Database } from '#lib/server/database.ts';
import {
	appleDevice,
	nvidiaDevices,
	nvidiaWords,
	rocmDevices,
	rocmWords,
	sysctlWords,
} from '#lib/server/hardware-reports.ts';
import { enteredDevices, saveEnteredDevices } from '#lib/server/store/hardware.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';
import type { RunTool } from '#lib/server/tools.ts';

/** What the system says of this machine. */
export interface Machine {
	platform: NodeJS.Platform;
	memoryBytes: number;
	/** What a container or a control group leaves of it; null without a limit. */
	limitBytes: number | null;
	/** Name of the processor; null when the system does not tell. */
	processor: string | null;
}

/** Answer of `GET /api/hardware`: every device there is, and the one that is meant when none is named. */
export interface HardwareAnswer {
	devices: Device[];
	current: string;
}

const plainName = /^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/;
const most = 200;

const deviceSchema = z.strictObject({
	id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'expected lower-case letters, digits and dashes'),
	name: z.string().trim().min(1).max(80).regex(plainName, 'expected plain text'),
	kind: z.enum(deviceKinds),
	memory_bytes: z
		.number()
		.int()
		.min(1024 ** 2)
		.max(mostMemoryBytes),
	bandwidth_bytes_per_second: z.number().positive().max(1e15).nullable(),
	accelerator: z.enum(accelerators),
}) satisfies z.ZodType<Device>;

/**
 * Body of `PUT /api/hardware`: entered devices take the place of all earlier ones, devices of the two other kinds may
 * come along as they were given out; `current` null means the machine's own choice. What is left out stays.
 */
export const hardwareSchema = z.strictObject({
	devices: z.array(deviceSchema).max(most).optional(),
	current: z.string().max(64).nullable().optional(),
});
export type HardwareChange = z.infer<typeof hardwareSchema>;

interface HardwareOptions {
	database: Database;
	catalog: Pick<Catalog, 'setDevices'>;
	machine: () => Machine;
	run: RunTool;
}

const currentKey = 'current_device';

/** The processor with the memory that this process may use. */
function processorDevice({ memoryBytes, limitBytes, processor }: Machine): Device {
	const isLimited = limitBytes !== null && limitBytes > 0 && limitBytes < memoryBytes;
	return {
		id: 'cpu',
		name: processor?.trim().slice(0, 80) || 'Processor of this machine',
		kind: 'detected',
		memory_bytes: isLimited ? limitBytes : memoryBytes,
		bandwidth_bytes_per_second: null,
		accelerator: 'cpu',
	};
}

/** Which device is meant when none was chosen: the card with most memory, then shared memory, then the processor. */
function preferred(devices: readonly Device[]): string {
	const rank = ({ accelerator }: Device) => (accelerator === 'cpu' ? 2 : accelerator === 'unified' ? 1 : 0);
	const own = devices.filter(({ kind }) => kind === 'detected');
	const [first] = own.sort((a, b) => rank(a) - rank(b) || b.memory_bytes - a.memory_bytes);
	return first?.id ?? 'cpu';
}

/** Knows the devices. The machine is looked at once, when somebody first waits for it; absent tools are fine. */
export class Hardware {
	readonly #options: HardwareOptions;
	readonly #machine: Machine;
	#detected: Device[];
	#entered: Device[];
	#looking: Promise<void> | null = null;

	constructor(options: HardwareOptions) {
		this.#options = options;
		this.#machine = options.machine();
		this.#detected = [processorDevice(this.#machine)];
		this.#entered = enteredDevices(options.database);
		this.#tell();
	}

	/** Resolves when the machine has been looked at. Never rejects. */
	ready(): Promise<void> {
		this.#looking ??= this.#look();
		return this.#looking;
	}

	/** Every device and the current one. */
	async read(): Promise<HardwareAnswer> {
		await this.ready();
		const devices = this.#all();
		const chosen = readMeta(this.#options.database, currentKey) ?? '';
		const isThere = devices.some(({ id }) => id === chosen);
		return { devices, current: isThere ? chosen : preferred(devices) };
	}

	/**
	 * Takes in entered devices and the current one. Throws `invalid_body` for an id that two devices would have, for
	 * devices that are neither entered nor known here, and for a current device that is none.
	 */
	async save({ devices, current }: HardwareChange): Promise<HardwareAnswer> {
		await this.ready();
		const { database } = this.#options;
		const entered = devices === undefined ? this.#entered : this.#checked(devices);
		const ids = [...this.#detected, ...entered, ...presets].map(({ id }) => id);
		if (current !== undefined && current !== null && !ids.includes(current)) {
			throw new Failure('invalid_body', `There is no device "${quoted(current)}" to be the current one.`);
		}
		database.transaction(() => {
			if (devices !== undefined) saveEnteredDevices(database, entered);
			if (current !== undefined) saveMeta(database, currentKey, current ?? '');
		});
		this.#entered = entered;
		this.#tell();
		return this.read();
	}

	/**
	 * The device of this id, an amount of memory such as `16GB` as one, or the current device for null. Throws
	 * `invalid_query` when there is none.
	 */
	async device(asked: string | null): Promise<Device> {
		const bytes = asked === null ? null : parseMemory(asked);
		if (bytes !== null) return namedMemory(bytes);
		const { devices, current } = await this.read();
		const found = devices.find(({ id }) => id === (asked ?? current));
		if (found !== undefined) return found;
		const message = `There is no device "${quoted(asked ?? '')}": expected memory such as 16GB, or the id of a device.`;
		throw new Failure('invalid_query', message);
	}

	#all(): Device[] {
		return [...this.#detected, ...this.#entered, ...presets];
	}

	#checked(devices: readonly Device[]): Device[] {
		const known = new Set([...this.#detected, ...presets].map(({ id }) => id));
		const entered = devices.filter(({ kind }) => kind === 'entered');
		const stranger = devices.find(({ id, kind }) => kind !== 'entered' && !known.has(id));
		if (stranger !== undefined) {
			throw new Failure('invalid_body', `There is no ${stranger.kind} device "${stranger.id}".`);
		}
		const taken = new Set(known);
		for (const { id } of entered) {
			if (taken.has(id)) throw new Failure('invalid_body', `Another device already has the id "${id}".`);
			taken.add(id);
		}
		return entered;
	}

	async #look(): Promise<void> {
		const { run } = this.#options;
		const { platform } = this.#machine;
		const processor = processorDevice(this.#machine);
		const apple = platform === 'darwin' ? appleDevice((await run('sysctl', sysctlWords)) ?? '') : null;
		if (apple !== null) {
			this.#detected = [apple];
		} else {
			const [nvidia, rocm] = await Promise.all([
				run('nvidia-smi', nvidiaWords),
				platform === 'linux' ? run('rocm-smi', rocmWords) : null,
			]);
			const cards = [...nvidiaDevices(nvidia ?? '', processor.memory_bytes), ...rocmDevices(rocm ?? '')];
			this.#detected = [...cards, processor];
		}
		this.#tell();
	}

	/** Lists filter by what fits a device. */
	#tell(): void {
		this.#options.catalog.setDevices(this.#all());
	}
}

// What a list depends on besides its rows: the copies on this machine and the devices to run models on.
import { createHash } from 'node:crypto';
import type { Device } from '#lib/core/hardware.ts';
import type { EntryCopy } from '#lib/core/model.ts';

/** A short name for a set of lines. */
function mark(lines: string[]): string {
	return createHash('sha256').update(lines.sort().join('\n')).digest('base64url').slice(0, 10);
}

/** This machine's copies and devices, with a name that changes whenever they do. */
export class Surroundings {
	#locals = '';
	#deviceMark = '';
	#copies: ReadonlyMap<string, EntryCopy[]> = new Map();
	#devices: ReadonlyMap<string, Device> = new Map();

	/** Changes with every change of what is here. */
	get version(): string {
		return this.#locals + this.#deviceMark;
	}

	/** The devices that lists can be filtered by, by their ids. */
	get devices(): ReadonlyMap<string, Device> {
		return this.#devices;
	}

	/** Where a model's copies are; undefined when nobody told. */
	copies(id: string): EntryCopy[] | undefined {
		return this.#copies.get(id);
	}

	/** Takes over which models are on this machine, and where. */
	setLocal(ids: ReadonlySet<string>, copies: ReadonlyMap<string, EntryCopy[]>): void {
		this.#copies = copies;
		this.#locals = mark([...ids].map((id) => `${id} ${JSON.stringify(copies.get(id) ?? [])}`));
	}

	/** Takes over the devices. */
	setDevices(devices: readonly Device[]): void {
		this.#devices = new Map(devices.map((device) => [device.id, device]));
		this.#deviceMark = mark(devices.map(({ id, memory_bytes, accelerator }) => `${id} ${memory_bytes} ${accelerator}`));
	}
}

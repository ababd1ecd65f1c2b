// The device, runtime and context that every card is measured against: one choice for all pages, kept and shared.
import { ask, isObject, type Fetch } from '#lib/client/api.ts';
import { fitPlace, fitRow, type FitPlace, type RowFit } from '#lib/core/fit.ts';
import type { Device } from '#lib/core/hardware.ts';
import type { FitFacts } from '#lib/core/model.ts';
import type { RuntimeId, Runtimes } from '#lib/core/runtime.ts';
import { placeCookie, settledPlace, writePlace, type PlaceChoice } from '#lib/core/place.ts';

/** What the server tells a page: the devices of this machine and entered ones, the current one always among them. */
export interface ServedPlace {
	devices: Device[];
	current: string;
	choice: PlaceChoice;
}

/** What a row of a list is measured by. */
interface Measured {
	fit: FitFacts | null;
	context_window: number | null;
}

/** What rows are measured against: a device (null: none is known), a runtime (null: the general rule), a context in tokens. */
export interface Measure {
	readonly device: Device | null;
	readonly runtime: RuntimeId | null;
	readonly tokens: number;
	/** The runtimes there are. */
	readonly runtimes: Runtimes;
	/** Everything about it that does not depend on the model. */
	readonly fitPlace: FitPlace | null;
	/** Whether a row's model fits there; null without a device. */
	fit(row: Measured): RowFit | null;
}

interface PlaceOptions {
	served: ServedPlace;
	/** The runtimes there are now: those of the registry file come and go with it. */
	runtimes: () => Runtimes;
	fetch: Fetch;
	/** Writes a cookie; the browser's own document unless a test has another. */
	keep?: (cookie: string) => void;
}

const yearSeconds = 365 * 24 * 60 * 60;

function isHardware(value: unknown): value is { devices: Device[]; current: string } {
	return isObject(value) && Array.isArray(value.devices) && typeof value.current === 'string';
}

/** The place. Made once per page life; a choice shows at once and is taken back when the server refuses it. */
export class Place implements Measure {
	#devices = $state.raw<readonly Device[]>([]);
	#current = $state('');
	#choice = $state.raw<PlaceChoice>({ runtime: null, context: 0, cacheBits: 16 });
	#runtimes: () => Runtimes;
	#fetch: Fetch;
	#keep: (cookie: string) => void;

	constructor({ served, runtimes, fetch, keep = (cookie) => (document.cookie = cookie) }: PlaceOptions) {
		this.#devices = served.devices;
		this.#current = served.current;
		this.#choice = served.choice;
		this.#runtimes = runtimes;
		this.#fetch = fetch;
		this.#keep = keep;
	}

	/** Devices of this machine and entered ones, and the current one. */
	get devices(): readonly Device[] {
		return this.#devices;
	}

	/** The device that is meant; null only when the server told none. */
	get device(): Device | null {
		return this.#devices.find(({ id }) => id === this.#current) ?? null;
	}

	get runtimes(): Runtimes {
		return this.#runtimes();
	}

	readonly #settled = $derived.by(() => settledPlace(this.#choice, this.runtimes));

	/** What was chosen, where it is still there. */
	get choice(): PlaceChoice {
		return this.#settled;
	}

	get runtime(): RuntimeId | null {
		return this.#settled.runtime;
	}

	get tokens(): number {
		return this.#choice.context;
	}

	readonly #place = $derived.by<FitPlace | null>(() => {
		const { device, choice, runtimes } = this;
		const { cacheBits, runtime } = choice;
		return device === null ? null : fitPlace({ device, cacheBits, runtime, runtimes });
	});

	/** Everything about the place that does not depend on the model. */
	get fitPlace(): FitPlace | null {
		return this.#place;
	}

	/** Whether a row's model fits here at the chosen context; null without a device. */
	fit(row: Measured): RowFit | null {
		return this.#place === null ? null : fitRow(row, this.#place, this.#choice.context);
	}

	/** Changes runtime, context or cache, and keeps it for a year. */
	choose(part: Partial<PlaceChoice>): void {
		const { gone, ...rest } = this.choice;
		const isLeft = gone === undefined || part.runtime !== undefined;
		this.#choice = { ...rest, ...(isLeft ? {} : { gone }), ...part };
		this.#keep(`${placeCookie}=${writePlace(this.#choice)}; path=/; max-age=${yearSeconds}; samesite=lax`);
	}

	/** Makes a device the current one. Throws ApiError, with everything as it was. */
	async chooseDevice(device: Device): Promise<void> {
		await this.#save({ current: device.id }, () => {
			if (!this.#devices.some(({ id }) => id === device.id)) this.#devices = [...this.#devices, device];
			this.#current = device.id;
		});
	}

	/** Adds an entered device and makes it the current one. Throws ApiError, with everything as it was. */
	async enter(device: Device): Promise<void> {
		const entered = this.#devices.filter(({ kind }) => kind === 'entered');
		const devices = [...entered.filter(({ id }) => id !== device.id), device];
		await this.#save({ devices, current: device.id }, () => {
			this.#devices = [...this.#devices.filter(({ id }) => id !== device.id), device];
			this.#current = device.id;
		});
	}

	/** Takes an entered device away. Throws ApiError, with everything as it was. */
	async remove(device: Device): Promise<void> {
		const rest = this.#devices.filter(({ id }) => id !== device.id);
		const wasCurrent = this.#current === device.id;
		const devices = rest.filter(({ kind }) => kind === 'entered');
		await this.#save({ devices, ...(wasCurrent ? { current: null } : {}) }, () => {
			this.#devices = rest;
			if (wasCurrent) this.#current = rest[0]?.id ?? '';
		});
	}

	async #save(change: { devices?: Device[]; current?: string | null }, expect: () => void): Promise<void> {
		const before = { devices: this.#devices, current: this.#current };
		expect();
		try {
			const response = await ask({ fetch: this.#fetch }, '/api/hardware', {
				method: 'PUT',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(change),
			});
			const saved: unknown = await response.json();
			if (!isHardware(saved)) return;
			this.#current = saved.current;
			const current = saved.devices.find(({ id }) => id === saved.current);
			const own = saved.devices.filter(({ kind }) => kind !== 'preset');
			this.#devices = current === undefined || own.includes(current) ? own : [...own, current];
		} catch (error) {
			this.#devices = before.devices;
			this.#current = before.current;
			throw error;
		}
	}
}

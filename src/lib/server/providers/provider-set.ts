// The providers of the registry file in force, by their names; those that a new file leaves as they were keep their connections.
import type { CallProvider } from '#lib/core/registry/call.ts';
import { Failure } from '#lib/core/failure.ts';
import { findProvider } from '#lib/core/registry/provider-table.ts';
import { LocalProvider } from '#lib/server/providers/local-provider.ts';
import { HttpProvider, type ProviderGround } from '#lib/server/providers/providers.ts';

/** One provider as the registry file has it. */
export interface ProviderEntry {
	type: string;
	base_url?: string | undefined;
	api_key_env?: string | undefined;
	headers: Readonly<Record<string, string>>;
}

interface Held {
	/** The entry as text, to see whether a new file changed it. */
	text: string;
	provider: HttpProvider | LocalProvider;
}

/** Makes providers when a file is taken, and ends those that it no longer has. */
export class ProviderSet {
	readonly #ground: ProviderGround;
	#held = new Map<string, Held>();

	constructor(ground: ProviderGround) {
		this.#ground = ground;
	}

	/** Takes the providers of a file. One that cannot be made is left out and its sentence given back, by name. */
	take(entries: Readonly<Record<string, ProviderEntry>>): Map<string, string> {
		const before = this.#held;
		const faults = new Map<string, string>();
		this.#held = new Map();
		for (const [name, entry] of Object.entries(entries)) {
			try {
				this.#held.set(name, this.#keep(name, entry, before.get(name)));
			} catch (error) {
				if (!(error instanceof Failure)) throw error;
				faults.set(name, error.message);
			}
		}
		for (const [name, { provider }] of before) {
			if (this.#held.get(name)?.provider !== provider) void provider.retire();
		}
		return faults;
	}

	#keep(name: string, entry: ProviderEntry, known: Held | undefined): Held {
		const { type, base_url, api_key_env, headers } = entry;
		const text = JSON.stringify([type, base_url, api_key_env, headers]);
		if (known?.text === text) return known;
		const settings = { name, type, baseUrl: base_url ?? null, keyVariable: api_key_env ?? null, headers };
		if (base_url !== undefined || findProvider(type)?.runsHere !== true) {
			return { text, provider: new HttpProvider(settings, this.#ground) };
		}
		const { engines, clock } = this.#ground;
		if (engines !== undefined) return { text, provider: new LocalProvider({ name, engines, clock }) };
		const why = 'models of this machine answer only where Modeldex runs as a server';
		throw new Failure('bad_request', `The provider "${name}" needs a base_url here: ${why}.`);
	}

	/** The provider of this name; null when the file has none. */
	find(name: string): CallProvider | null {
		return this.#held.get(name)?.provider ?? null;
	}

	/** Why a provider cannot be called now for want of a key; null when it can, or when there is no such provider. */
	keyProblem(name: string): string | null {
		return this.#held.get(name)?.provider.key().problem ?? null;
	}

	/** Ends every connection. */
	async close(): Promise<void> {
		await Promise.all([...this.#held.values()].map(({ provider }) => provider.close()));
		this.#held.clear();
	}
}

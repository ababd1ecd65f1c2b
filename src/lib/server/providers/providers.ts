// The providers of a registry file as strategies see them: each with its connections, its key and its shape.
import {
	CallFailure,
	type CallEvent,
	type CallProvider,
	type CandidateCall,
	type Ends,
} from '#lib/core/registry/call.ts';
import { findProvider, type ProviderRow } from '#lib/core/registry/provider-table.ts';
import { Failure } from '#lib/core/failure.ts';
import type { Clock } from '#lib/server/clock.ts';
import { checkBaseUrl, findKey, type KeyAnswer, type Trust } from '#lib/server/providers/address.ts';
import { anthropicBody, anthropicDropped } from '#lib/server/providers/anthropic-request.ts';
import { AnthropicReader } from '#lib/server/providers/anthropic-reader.ts';
import { replyLots, type Answered } from '#lib/server/providers/call-stream.ts';
import type { LocalModels } from '#lib/server/providers/local-provider.ts';
import { Exchange } from '#lib/server/providers/exchange.ts';
import { openAiBody, openAiPaths, OpenAiReader } from '#lib/server/providers/openai-provider.ts';

/** A provider as a registry file describes it. */
export interface ProviderSettings {
	/** Its name in specs. */
	name: string;
	/** A type of the table of providers, or one of its other names. */
	type: string;
	/** Null takes the type's own address. */
	baseUrl: string | null;
	/** Name of the variable with the key; null takes the type's own ones. */
	keyVariable: string | null;
	/** Further headers; never a key. */
	headers: Readonly<Record<string, string>>;
	/** Who wrote this down. Default `operator`. */
	trust?: Trust;
}

/** Variables by name. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What providers need of the world. */
export interface ProviderGround {
	env: Environment;
	clock: Clock;
	/** Proxy for encrypted addresses; null for none. */
	proxy: string | null;
	/** Version of this program, for the `user-agent`. */
	version: string;
	/** Models of this machine, for providers that run here; left out where nothing runs models. */
	engines?: LocalModels;
}

/** Headers that belong to the connection, to us or to the key; nobody else sets them. */
const reservedHeaders = new Set(
	'host connection content-length transfer-encoding content-type accept accept-encoding expect upgrade te trailer authorization x-api-key cookie proxy-authorization'.split(
		' ',
	),
);

function usableHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
	const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
	return Object.fromEntries(
		lower.filter(([name]) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !reservedHeaders.has(name)),
	);
}

/**
 * An address as servers read it for listening (`0.0.0.0:11434`, `host`), as one to call: with a scheme, a port and a
 * path, and this machine in place of "every address".
 */
function calledAddress(text: string, usual: string): string {
	const home = new URL(usual);
	const url = new URL(/^https?:\/\//.test(text) ? text : `http://${text}`);
	if (/^(0\.0\.0\.0|\[::\])$/.test(url.hostname)) url.hostname = '127.0.0.1';
	if (url.port === '' && url.protocol === 'http:') url.port = home.port;
	if (url.pathname === '/') url.pathname = home.pathname;
	return url.href;
}

/** Where a provider is, and who may say so. */
export type ProviderPlace = Pick<ProviderSettings, 'name' | 'baseUrl' | 'trust'>;

/** The address of a provider: what the file says, else what the type's own tools read, else the type's own. */
export function addressOf(
	{ name, baseUrl, trust = 'operator' }: ProviderPlace,
	row: ProviderRow,
	env: Environment,
): URL {
	if (baseUrl !== null) return checkBaseUrl(baseUrl, trust);
	const told = row.baseUrlVariable === undefined ? '' : (env[row.baseUrlVariable]?.trim() ?? '');
	if (told !== '' && URL.canParse(/^https?:/.test(told) ? told : `http://${told}`)) {
		return checkBaseUrl(calledAddress(told, row.baseUrl), 'operator');
	}
	if (row.baseUrl !== '') return new URL(row.baseUrl);
	throw new Failure('bad_request', `The provider "${name}" needs a base_url: its type has no address of its own.`);
}

/** One provider over HTTP. Call `close` when the registry file no longer has it. */
export class HttpProvider implements CallProvider {
	readonly name: string;
	readonly row: ProviderRow;
	readonly base: URL;
	readonly #settings: ProviderSettings;
	readonly #ground: ProviderGround;
	readonly #exchange: Exchange;
	/** What every call carries. */
	readonly #usualHeaders: Readonly<Record<string, string>>;

	/** Throws `bad_request` with one sentence for a type nobody knows or an address that is not taken. */
	constructor(settings: ProviderSettings, ground: ProviderGround) {
		const row = findProvider(settings.type);
		if (row === null) throw new Failure('bad_request', `There is no provider type "${settings.type.slice(0, 60)}".`);
		this.name = settings.name;
		this.row = row;
		this.base = addressOf(settings, row, ground.env);
		this.#settings = settings;
		this.#ground = ground;
		const { name, trust = 'operator' } = settings;
		this.#usualHeaders = {
			...usableHeaders(settings.headers),
			...row.headers,
			'content-type': 'application/json',
			'user-agent': `modeldex/${ground.version}`,
		};
		this.#exchange = new Exchange({ name, base: this.base, trust, proxy: ground.proxy });
	}

	/** The key that would be sent now, and why there is none. Never hand the key on. */
	key(): KeyAnswer {
		const { row, base } = this;
		return findKey({ row, base, variable: this.#settings.keyVariable, env: this.#ground.env });
	}

	/** Lets calls under way end, then their connections. */
	retire(): Promise<void> {
		return this.#exchange.retire();
	}

	/** Ends every connection, also those in use. */
	close(): Promise<void> {
		return this.#exchange.close();
	}

	async *call(call: CandidateCall, signal: AbortSignal): AsyncGenerator<CallEvent> {
		for await (const lot of this.lots(call, signal)) yield* lot;
	}

	lots(call: CandidateCall, ends: Ends): AsyncGenerator<readonly CallEvent[]> {
		return replyLots(() => this.#ask(call, ends));
	}

	async #ask(call: CandidateCall, ends: Ends): Promise<Answered> {
		const { row, name } = this;
		const { key, problem } = this.key();
		if (problem !== null) throw new CallFailure('no_key', `${name} has no key. ${problem}`);
		this.#checkOperation(call);
		const { clock } = this.#ground;
		const started = clock.ticks();
		const isAnthropic = row.shape === 'anthropic';
		const reply = await this.#exchange.post({
			path: isAnthropic ? '/messages' : openAiPaths[call.operation],
			body: isAnthropic ? anthropicBody(call) : openAiBody(call, row),
			headers: this.#headers(call),
			secretHeaders: key === null ? {} : this.#keyHeader(key),
			ends,
		});
		const now = clock.date().getTime();
		const secrets = key === null ? [] : [key];
		const dropped = isAnthropic ? anthropicDropped(call.body) : [];
		return {
			reply,
			headers: { type: 'headers', status: reply.status, ms: clock.ticks() - started, dropped },
			reader: isAnthropic ? new AnthropicReader(call, Math.floor(now / 1000)) : new OpenAiReader(call.operation, row),
			reading: { provider: name, operation: call.operation, ends, secrets, now },
		};
	}

	#checkOperation({ operation }: CandidateCall): void {
		const { row, name } = this;
		const isMissing =
			row.shape === 'anthropic' ? operation !== 'chat' : operation === 'embeddings' && row.hasEmbeddings === false;
		if (!isMissing) return;
		throw new CallFailure('bad_request', `${name} has no ${operation}.`, { code: 'unsupported_operation' });
	}

	#keyHeader(key: string): Record<string, string> {
		const { header, scheme } = this.row.auth;
		return { [header]: scheme === null ? key : `${scheme} ${key}` };
	}

	#headers({ headers, operation }: CandidateCall): Record<string, string> {
		const accept = operation === 'embeddings' ? 'application/json' : 'text/event-stream, application/json;q=0.9';
		return { ...this.#usualHeaders, ...(headers === undefined ? {} : this.#callHeaders(headers)), accept };
	}

	/** A candidate's headers; those of the row stay as they are. */
	#callHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
		return { ...usableHeaders(headers), ...this.row.headers };
	}
}

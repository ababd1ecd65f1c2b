// Who may come in when a key is set: bearer keys of programs, sign-in sessions of browsers, and a brake on guessing.
import { createHash, timingSafeEqual } from 'node:crypto';
import { Failure } from '#lib/core/failure.ts';

/** What a request shows of itself. `cookie` is the session cookie's value, `address` the other side's IP address. */
export interface Credentials {
	authorization: string | null;
	apiKey: string | null;
	cookie: string | null;
	address: string;
}

interface SessionOptions {
	/** The configured key; null: nobody has to sign in. */
	key: string | null;
	/** Milliseconds since the epoch. */
	now: () => number;
	/** Unpredictable bytes. */
	random: (bytes: number) => Uint8Array;
}

/** Name of the session cookie. */
export const sessionCookie = 'modeldex_session';
/** How long a browser stays signed in without coming by. */
export const sessionSeconds = 7 * 24 * 3600;

const mostSessions = 1000;
const windowMs = 60_000;
/** Wrong keys per address and minute: people mistype, scripts with an old key retry, guessers need millions. */
const mostGuesses = { page: 10, api: 3000 };
const mostAddresses = 10_000;

function digest(text: string, encoding: 'utf8' | 'latin1'): Buffer {
	return createHash('sha256').update(Buffer.from(text, encoding)).digest();
}

/** The bearer key of an Authorization header; null when there is none of that kind. */
export function bearer(authorization: string | null): string | null {
	return /^bearer +(\S.*)$/i.exec(authorization ?? '')?.[1]?.trim() ?? null;
}

/** Counts wrong keys by address within a minute. */
class Guesses {
	readonly #most: number;
	readonly #now: () => number;
	readonly #seen = new Map<string, { count: number; until: number }>();

	constructor(most: number, now: () => number) {
		this.#most = most;
		this.#now = now;
	}

	/** Throws `too_many_attempts` while this address has used up its guesses. */
	check(address: string): void {
		const entry = this.#seen.get(address);
		if (entry === undefined || entry.count < this.#most) return;
		const waitSeconds = Math.ceil((entry.until - this.#now()) / 1000);
		if (waitSeconds <= 0) return;
		const sentence = `Too many wrong keys from this address; try again in ${waitSeconds} s.`;
		throw new Failure('too_many_attempts', sentence, { retryAfterSeconds: waitSeconds });
	}

	add(address: string): void {
		const now = this.#now();
		const entry = this.#seen.get(address);
		if (entry !== undefined && entry.until > now) entry.count += 1;
		else {
			this.#seen.delete(address);
			this.#seen.set(address, { count: 1, until: now + windowMs });
		}
		const [oldest] = this.#seen.keys();
		if (this.#seen.size > mostAddresses && oldest !== undefined) this.#seen.delete(oldest);
	}

	forget(address: string): void {
		this.#seen.delete(address);
	}
}

/** The keeper of the key. Sessions live in memory: a restart asks for the key again. */
export class Sessions {
	readonly #key: Buffer | null;
	readonly #now: () => number;
	readonly #random: (bytes: number) => Uint8Array;
	/** Digest of a session id → when it ends, oldest first. */
	readonly #open = new Map<string, number>();
	readonly #pageGuesses: Guesses;
	readonly #apiGuesses: Guesses;

	constructor({ key, now, random }: SessionOptions) {
		this.#key = key === null ? null : digest(key, 'utf8');
		this.#now = now;
		this.#random = random;
		this.#pageGuesses = new Guesses(mostGuesses.page, now);
		this.#apiGuesses = new Guesses(mostGuesses.api, now);
	}

	/** Does anybody have to show a key at all? */
	get required(): boolean {
		return this.#key !== null;
	}

	#fits(candidate: Buffer): boolean {
		return this.#key !== null && timingSafeEqual(this.#key, candidate);
	}

	/**
	 * Lets a request in or says why not: `invalid_api_key` without a valid key or session, `bad_request` for two
	 * different keys, `too_many_attempts`. A key that was sent counts, even beside a valid session.
	 */
	admit({ authorization, apiKey, cookie, address }: Credentials): Failure | null {
		if (this.#key === null) return null;
		const shown = bearer(authorization);
		if (shown !== null && apiKey !== null && shown !== apiKey) {
			return new Failure('bad_request', 'Authorization and x-api-key carry different keys.');
		}
		const key = shown ?? apiKey;
		if (key === null) return this.#isOpen(cookie) ? null : this.#refused();
		try {
			this.#apiGuesses.check(address);
		} catch (error) {
			if (error instanceof Failure) return error;
			throw error;
		}
		// Node hands header bytes over as latin1; a key beyond ASCII was sent as its UTF-8 bytes.
		if (this.#fits(digest(key, 'latin1'))) return null;
		this.#apiGuesses.add(address);
		return this.#refused();
	}

	#refused(): Failure {
		return new Failure('invalid_api_key', 'This server asks for its key: sign in, or send it as a bearer token.');
	}

	#isOpen(id: string | null): boolean {
		if (id === null || id === '') return false;
		const name = digest(id, 'utf8').toString('hex');
		const until = this.#open.get(name);
		if (until === undefined) return false;
		this.#open.delete(name);
		if (until <= this.#now()) return false;
		this.#open.set(name, this.#now() + sessionSeconds * 1000);
		return true;
	}

	/** A new session id for whoever knows the key. Throws `invalid_api_key` or `too_many_attempts`. */
	signIn(key: string, address: string): string {
		this.#pageGuesses.check(address);
		if (!this.#fits(digest(key, 'utf8'))) {
			this.#pageGuesses.add(address);
			throw new Failure('invalid_api_key', 'That is not the key of this server.');
		}
		this.#pageGuesses.forget(address);
		const id = Buffer.from(this.#random(32)).toString('base64url');
		this.#open.set(digest(id, 'utf8').toString('hex'), this.#now() + sessionSeconds * 1000);
		const [oldest] = this.#open.keys();
		if (this.#open.size > mostSessions && oldest !== undefined) this.#open.delete(oldest);
		return id;
	}

	/** Ends a session; an id that is none changes nothing. */
	signOut(id: string): void {
		this.#open.delete(digest(id, 'utf8').toString('hex'));
	}
}

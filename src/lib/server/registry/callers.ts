// Who asks: the person of this machine, a program with the server's key, or one with a key of the gateway and its limits.
import { Failure } from '#lib/core/failure.ts';
import { keyMark, type RegistryKey } from '#lib/core/registry/key.ts';
import { isLoopback } from '#lib/server/guard.ts';
import type { Keys } from '#lib/server/registry/keys.ts';
import { bearer, type Credentials, type Sessions } from '#lib/server/session.ts';

/** A request's sender. `user` is null where nobody is known; `key` is null without a key of the gateway. */
export interface Caller {
	user: string | null;
	key: RegistryKey | null;
}

interface CallersOptions {
	keys: Keys;
	sessions: Sessions;
	/** The one user of this machine. */
	userId: string | null;
}

/** What a request shows, and the user it says to speak for (`x-modeldex-user`). */
export interface Shown extends Credentials {
	claimedUser: string | null;
	/** Decoded path of the request. */
	path: string;
}

/** Decides who may come in, by the server's own key, a session, or a key of the gateway. */
export class Callers {
	readonly #keys: Keys;
	readonly #sessions: Sessions;
	readonly #userId: string | null;

	constructor({ keys, sessions, userId }: CallersOptions) {
		this.#keys = keys;
		this.#sessions = sessions;
		this.#userId = userId;
	}

	/**
	 * The sender of a request. Throws `invalid_api_key`, `bad_request` for two different keys, `too_many_attempts`, and
	 * `insufficient_scope` for a key of the gateway anywhere but under `/v1`.
	 */
	admit(shown: Shown): Caller {
		const key = this.#gatewayKey(shown);
		if (key !== null) {
			if (!/^\/v1(\/|$)/.test(shown.path)) {
				throw new Failure('insufficient_scope', 'A key of the gateway opens /v1 and nothing else.');
			}
			return { user: this.#userOf(key, shown), key };
		}
		const refused = this.#sessions.admit(shown);
		if (refused !== null) throw refused;
		return { user: this.#named(shown) ?? this.#userId, key: null };
	}

	#gatewayKey({ authorization, apiKey }: Shown): RegistryKey | null {
		const sent = bearer(authorization);
		if (sent !== null && apiKey !== null && sent !== apiKey && [sent, apiKey].some(isGatewayKey)) {
			throw new Failure('bad_request', 'Authorization and x-api-key carry different keys.');
		}
		const key = sent ?? apiKey;
		return key !== null && isGatewayKey(key) ? this.#keys.admit(key) : null;
	}

	/** A key belongs to its user; a header cannot make it another's. */
	#userOf(key: RegistryKey, { claimedUser }: Shown): string | null {
		if (claimedUser === null || claimedUser === key.user) return key.user;
		throw new Failure('forbidden', 'This key does not speak for the user in x-modeldex-user.');
	}

	/** Programs on this machine may say for whom they ask; others have to show that user's key. */
	#named({ claimedUser, address }: Shown): string | null {
		if (claimedUser === null) return null;
		if (!isLoopback(address)) {
			throw new Failure(
				'forbidden',
				'x-modeldex-user is taken from programs on this machine only; use a key of that user.',
			);
		}
		if (claimedUser === '' || claimedUser.length > 200 || /[\u0000-\u001f\u007f]/.test(claimedUser)) {
			throw new Failure('bad_request', 'x-modeldex-user has to be a text of 1 to 200 characters.');
		}
		return claimedUser;
	}
}

function isGatewayKey(text: string): boolean {
	return text.startsWith(keyMark);
}

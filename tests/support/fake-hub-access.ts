// Who asks the fake Hub, what they may see, how much they have left, and the errors in the Hub's own words.
import type { FakeAnswer } from './fake-hub-faults.ts';
import type { FakeRepo } from './fake-hub-repo.ts';

export interface FakeUser {
	token: string;
	name: string;
	/** Owners whose private repositories this user may read. */
	owners?: string[];
	/** A fine-grained token may lack the right to gated repositories. */
	canReadGated?: boolean;
	accepted?: string[];
	pending?: string[];
	rejected?: string[];
	/** Multiplies the anonymous quotas. */
	tier?: number;
}

export type BucketName = 'api' | 'resolvers' | 'pages';

/** Requests per window and bucket for someone anonymous. */
export type Quotas = Record<BucketName, number>;

/** A body in the words of `/api` (JSON) or of file addresses (plain text), as the Hub sends errors. */
export interface FakeErrorOrder {
	status: number;
	message: string;
	code?: string;
	api: boolean;
	headers?: Record<string, string>;
}

/** An error answer with the Hub's headers. */
export function errorAnswer({ status, message, code, api, headers = {} }: FakeErrorOrder): FakeAnswer {
	const body = Buffer.from(api ? JSON.stringify({ error: message }) : message);
	return {
		status,
		body,
		headers: {
			'content-type': api ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
			...(code ? { 'x-error-code': code } : {}),
			'x-error-message': message.replace(/[^\x20-\x7e]+/g, ' ').trim(),
			...(status === 401 ? { 'www-authenticate': 'Bearer realm="Authentication required", charset="UTF-8"' } : {}),
			...headers,
		},
	};
}

/** Who is asking: nobody, a known user, or someone with a token the Hub does not know. */
export type Identity = { kind: 'anonymous' } | { kind: 'user'; user: FakeUser } | { kind: 'bad' };

/** Reads the bearer token of a request. */
export function identify(authorization: string | undefined, users: FakeUser[]): Identity {
	if (!authorization) return { kind: 'anonymous' };
	const token = /^Bearer (.+)$/.exec(authorization)?.[1];
	const user = users.find((known) => known.token === token);
	return user ? { kind: 'user', user } : { kind: 'bad' };
}

/** The answer to a wrong token, on any address. */
export function badToken(api: boolean): FakeAnswer {
	return errorAnswer({ status: 401, message: 'Invalid username or password.', api });
}

function mayRead(repo: FakeRepo, who: Identity): boolean {
	if (!repo.private) return true;
	return who.kind === 'user' && (who.user.owners ?? []).includes(repo.id.split('/')[0] ?? '');
}

/** The answer when the repository is missing or hidden from the asker; null when it may be seen. */
export function repositoryRefusal(repo: FakeRepo | null, who: Identity, api: boolean): FakeAnswer | null {
	if (repo !== null && mayRead(repo, who)) return null;
	if (who.kind !== 'user') return badToken(api);
	return errorAnswer({ status: 404, message: 'Repository not found', code: 'RepoNotFound', api });
}

/** May this asker read the files of a gated repository? */
export function isAdmitted(repo: FakeRepo, who: Identity): boolean {
	if (repo.gated === false) return true;
	return who.kind === 'user' && who.user.canReadGated !== false && (who.user.accepted ?? []).includes(repo.id);
}

/** The gate's answer in its five states; null when the gate is open for the asker. */
export function gateRefusal(repo: FakeRepo, who: Identity, api: boolean): FakeAnswer | null {
	if (isAdmitted(repo, who)) return null;
	const refuse = (status: number, message: string) => errorAnswer({ status, message, code: 'GatedRepo', api });
	const start = `Access to model ${repo.id} is restricted`;
	if (who.kind !== 'user') {
		return refuse(401, `${start}. You must have access to it and be authenticated to access it. Please log in.`);
	}
	const { user } = who;
	if (user.pending?.includes(repo.id)) {
		return refuse(403, `Your request to access model ${repo.id} is awaiting a review from the repo authors.`);
	}
	if (user.rejected?.includes(repo.id)) {
		return refuse(403, `Your request to access model ${repo.id} has been rejected by the repo's authors.`);
	}
	if (user.accepted?.includes(repo.id)) {
		const advice = 'Please enable access to public gated repositories in your fine-grained token settings';
		return refuse(403, `${advice} to view this repository.`);
	}
	const visit = `Visit https://huggingface.co/${repo.id} to ask for access.`;
	return refuse(403, `${start} and you are not in the authorized list. ${visit}`);
}

/** The answer for a repository that Hugging Face has switched off; only its files are refused. */
export function disabledRefusal(repo: FakeRepo, api: boolean): FakeAnswer | null {
	if (!repo.disabled) return null;
	return errorAnswer({ status: 403, message: 'Access to this resource is disabled.', api });
}

interface Window {
	used: number;
	endsAt: number;
}

/** Fixed windows per asker and bucket; every request counts, also redirects and errors. */
export class FakeLimits {
	#windows = new Map<string, Window>();
	readonly #quotas: Quotas;
	readonly #windowMs: number;
	readonly #now: () => number;

	constructor(quotas: Quotas, windowSeconds: number, now: () => number) {
		this.#quotas = quotas;
		this.#windowMs = windowSeconds * 1000;
		this.#now = now;
	}

	/** Counts one request; `over` says that it is beyond the quota. */
	count(bucket: BucketName, who: Identity): { headers: Record<string, string>; over: boolean; quota: number } {
		const name = who.kind === 'user' ? who.user.token : who.kind;
		const quota = this.#quotas[bucket] * (who.kind === 'user' ? (who.user.tier ?? 2) : 1);
		const key = `${name} ${bucket}`;
		const now = this.#now();
		const known = this.#windows.get(key);
		const window = known && known.endsAt > now ? known : { used: 0, endsAt: now + this.#windowMs };
		window.used += 1;
		this.#windows.set(key, window);
		const left = Math.max(0, quota - window.used);
		const seconds = Math.ceil((window.endsAt - now) / 1000);
		return {
			over: window.used > quota,
			quota,
			headers: {
				ratelimit: `"${bucket}";r=${left};t=${seconds}`,
				'ratelimit-policy': `"fixed window";"${bucket}";q=${quota};w=${Math.round(this.#windowMs / 1000)}`,
			},
		};
	}
}

/** The 429 in the Hub's words. */
export function limitedAnswer(who: Identity, bucket: BucketName, quota: number): FakeAnswer {
	const message =
		who.kind === 'user'
			? `We had to rate limit you, you hit the quota of ${quota} ${bucket} requests per 5 minutes period.`
			: 'We had to rate limit your IP (203.0.113.7). To continue using our service, create a HF account or login.';
	return errorAnswer({ status: 429, message, api: bucket !== 'pages' });
}

// What every part of the fake Hub works with: its repositories, its switches, and one request.
import type { Identity } from './fake-hub-access.ts';
import type { FakeRepo } from './fake-hub-repo.ts';

/** Switches for behaviour the sources leave open, or that a mirror does differently. */
export interface FakeSwitches {
	/** `Link` headers name https://huggingface.co instead of this server. */
	canonicalLinks: boolean;
	/** Xet headers and `xetHash` are sent. */
	xet: boolean;
	/** What happens to a page size above 1,000. */
	bigLimit: 'clamp' | 'refuse';
	/** Names the list allows in `expand`; null: the recorded 30. */
	expandable: string[] | null;
	/** How long a signed address lives. */
	signedSeconds: number;
	/** Small files are sent at once, as mirrors do, instead of by way of a redirect. */
	direct: boolean;
}

export interface FakeRequest {
	method: string;
	url: URL;
	headers: Record<string, string | undefined>;
	body: Buffer;
	who: Identity;
}

/** The repositories by name, and the addresses of both listeners. */
export class FakeWorld {
	readonly switches: FakeSwitches;
	readonly now: () => number;
	hubUrl = '';
	cdnUrl = '';
	#repos: FakeRepo[] = [];
	#byName = new Map<string, FakeRepo>();
	#sorted = new Map<string, FakeRepo[]>();

	constructor(repos: FakeRepo[], switches: FakeSwitches, now: () => number) {
		this.switches = switches;
		this.now = now;
		this.set(repos);
	}

	get repos(): readonly FakeRepo[] {
		return this.#repos;
	}

	/** Replaces what the Hub holds, also while it runs. */
	set(repos: FakeRepo[]): void {
		this.#repos = repos;
		this.#sorted.clear();
		this.#byName.clear();
		for (const repo of repos) for (const name of repo.aliases) this.#byName.set(name, repo);
		for (const repo of repos) this.#byName.set(repo.id, repo);
	}

	/** Finds by exact id, alias, or another spelling of either. */
	find(name: string): FakeRepo | null {
		const exact = this.#byName.get(name);
		if (exact) return exact;
		const lower = name.toLowerCase();
		return this.#repos.find((repo) => repo.id.toLowerCase() === lower) ?? null;
	}

	/** All repositories, highest first by a numeric or date key, then by `_id`. */
	sortedBy(key: string, valueOf: (repo: FakeRepo) => number): FakeRepo[] {
		const known = this.#sorted.get(key);
		if (known) return known;
		const sorted = [...this.#repos].sort((a, b) => valueOf(b) - valueOf(a) || (a._id < b._id ? -1 : 1));
		this.#sorted.set(key, sorted);
		return sorted;
	}
}

/** A name in an address: one or two segments at the start of the rest; null when there is none. */
export function splitName(world: FakeWorld, rest: string, marker: RegExp): { name: string; tail: string } | null {
	const match = marker.exec(rest);
	const name = decodeURIComponent(match ? rest.slice(0, match.index) : rest).replace(/\/$/, '');
	if (name === '' || name.split('/').length > 2) return null;
	return { name, tail: match ? rest.slice(match.index) : '' };
}

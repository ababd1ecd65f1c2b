// Discovery: runs over the Hub's list that callers watch; equal orders share one run, which ends with its last watcher.
import { createHash } from 'node:crypto';
import type {
	DiscoveryDone,
	DiscoveryFailed,
	DiscoveryMessage,
	DiscoveryMeta,
	DiscoveryParams,
} from '#lib/core/discovery.ts';
import { planOf, type DiscoveryPlan } from '#lib/core/discovery-order.ts';
import { blankSecrets, toFailure } from '#lib/core/failure.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import type { News } from '#lib/server/discovery-book.ts';
import { Outbox } from '#lib/server/discovery-outbox.ts';
import { DiscoveryWorks, type RunKit, type WorksOptions } from '#lib/server/discovery-works.ts';

/** Who asks: their own name for the run, and what it is told. */
export interface DiscoveryCall {
	id?: string | undefined;
	params?: DiscoveryParams | undefined;
}

/** One run and everybody who watches it. */
interface Shared extends RunKit {
	watchers: Set<Outbox>;
}

/** Runs discoveries. Made once per process; every verb works until `close`. */
export class Discovery {
	readonly #options: WorksOptions;
	readonly #works: DiscoveryWorks;
	readonly #shared = new Map<string, Shared>();
	readonly #underWay = new Set<Promise<void>>();
	#isClosed = false;

	constructor(options: WorksOptions) {
		this.#options = options;
		this.#works = new DiscoveryWorks(options);
	}

	/**
	 * Starts a run, or joins the one under way for equal parameters, and gives its messages: whoever joins late is first
	 * told everything so far. The last message is `done` or `error`; when the signal is aborted it is `done` with
	 * `cancelled: true`. Reading slowly holds up nobody else; leaving (`return`) is leaving the run.
	 */
	async *start({ id, params }: DiscoveryCall, { signal }: { signal: AbortSignal }): AsyncGenerator<DiscoveryMessage> {
		const outbox = new Outbox(id ?? this.#options.newId());
		if (signal.aborted || this.#isClosed) return yield cancelled(outbox.id, [], noMeta);
		const shared = this.#admit(outbox, params ?? {});
		if (shared === null) return yield* outbox.messages();
		const leave = () => this.#cancel(shared, outbox);
		signal.addEventListener('abort', leave, { once: true });
		try {
			yield* outbox.messages();
		} finally {
			signal.removeEventListener('abort', leave);
			this.#leave(shared, outbox);
		}
	}

	/** Ends the run for every caller of that name; false when there is none. It goes on for others who watch it. */
	cancel(id: string): boolean {
		let isFound = false;
		for (const shared of this.#shared.values()) {
			for (const outbox of shared.watchers) {
				if (outbox.id !== id || outbox.isEnded) continue;
				isFound = true;
				this.#cancel(shared, outbox);
			}
		}
		return isFound;
	}

	/** Cancels every run and waits for what they hold. */
	async close(): Promise<void> {
		this.#isClosed = true;
		for (const shared of [...this.#shared.values()]) {
			for (const outbox of [...shared.watchers]) this.#cancel(shared, outbox);
		}
		await Promise.all(this.#underWay);
		await this.#works.close();
	}

	/** Joins or starts; null when that cannot be, which the outbox then says. */
	#admit(outbox: Outbox, params: DiscoveryParams): Shared | null {
		try {
			const shared = this.#join(outbox, params);
			shared.name(outbox.id);
			return shared;
		} catch (error) {
			outbox.end(this.#sorry(outbox.id, error));
			return null;
		}
	}

	#sorry(id: string, error: unknown): DiscoveryFailed {
		const { code, message } = toFailure(error);
		if (code === 'internal') this.#options.onBug(error);
		return { action: 'listChatModels:error', id, code, message: blankSecrets(message) };
	}

	#join(outbox: Outbox, params: DiscoveryParams): Shared {
		const plan = planOf(params);
		const order = keyOf(plan);
		const key = `${this.#works.identity(params.hfToken)} ${order}`;
		const known = this.#shared.get(key);
		if (known !== undefined) {
			for (const news of known.book.story()) outbox.push(news);
			known.watchers.add(outbox);
			return known;
		}
		const watchers = new Set<Outbox>([outbox]);
		const publish = (news: News) => {
			for (const watcher of watchers) watcher.push(news);
		};
		const kit = this.#works.make(plan, { key: order, publish, token: params.hfToken });
		const shared = { ...kit, watchers };
		this.#shared.set(key, shared);
		const work = this.#run(key, shared).finally(() => this.#underWay.delete(work));
		this.#underWay.add(work);
		return shared;
	}

	async #run(key: string, shared: Shared): Promise<void> {
		const { run, watchers } = shared;
		const broken = await run.run().then(
			() => null,
			(error: unknown) => ({ error }),
		);
		if (this.#shared.get(key) === shared) this.#shared.delete(key);
		const meta = run.meta();
		const isWatched = watchers.size > 0;
		const models = isWatched && broken === null ? run.entries() : [];
		for (const outbox of watchers) {
			const { id } = outbox;
			outbox.end(broken === null ? { action: 'listChatModels:done', id, models, meta } : this.#sorry(id, broken.error));
		}
		shared.ended();
		this.#options.watch.ended(isWatched ? meta : { ...meta, cancelled: true });
	}

	#cancel(shared: Shared, outbox: Outbox): void {
		const { run } = shared;
		if (!outbox.isEnded) outbox.end(cancelled(outbox.id, run.entries(), run.meta()), { atOnce: true });
		this.#leave(shared, outbox);
	}

	#leave(shared: Shared, outbox: Outbox): void {
		if (!shared.watchers.delete(outbox) || shared.watchers.size > 0) return;
		for (const [key, other] of this.#shared) if (other === shared) this.#shared.delete(key);
		shared.run.abort();
	}
}

const noMeta: DiscoveryMeta = { fetched: 0, filtered: 0, errors: [], durationMs: 0, requests: 0 };

function cancelled(id: string, models: ModelEntry[], meta: DiscoveryMeta): DiscoveryDone {
	return { action: 'listChatModels:done', id, models, meta: { ...meta, cancelled: true } };
}

/** Equal for orders that come to the same run: the same parameters, defaults filled in. */
function keyOf({ models, ...rest }: DiscoveryPlan): string {
	const list = models == null ? null : createHash('sha256').update(JSON.stringify(models)).digest('base64url');
	return JSON.stringify([rest, list]);
}

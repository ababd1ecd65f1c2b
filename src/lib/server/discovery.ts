// Discovery: runs over the Hub's list that callers watch; equal orders share one run, which ends with its last watcher.
import { createHash } from 'node:crypto';
import type { DiscoveryDone, DiscoveryMessage, DiscoveryParams } from '#lib/core/discovery.ts';
import { planOf, type DiscoveryPlan } from '#lib/core/discovery-order.ts';
import { blankSecrets, toFailure } from '#lib/core/failure.ts';
import { Outbox } from '#lib/server/discovery-outbox.ts';
import { DiscoveryWorks, type RunKit, type WorksOptions } from '#lib/server/discovery-works.ts';

/** Who asks: their own name for the run, and what it is told. */
export interface DiscoveryCall {
	id?: string | undefined;
	params?: DiscoveryParams | undefined;
}

interface DiscoveryOptions extends WorksOptions {
	/** Hexadecimal digits that nobody can guess, to name runs that come without a name. */
	newId: () => string;
}

/** One run and everybody who watches it. */
interface Shared extends RunKit {
	watchers: Set<Outbox>;
}

/** Runs discoveries. Made once per process; every verb works until `close`. */
export class Discovery {
	readonly #options: DiscoveryOptions;
	readonly #works: DiscoveryWorks;
	readonly #shared = new Map<string, Shared>();
	readonly #underWay = new Set<Promise<void>>();
	#isClosed = false;

	constructor(options: DiscoveryOptions) {
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
		const shared = this.#join(outbox, params ?? {});
		const leave = () => this.#cancel(shared, outbox);
		signal.addEventListener('abort', leave, { once: true });
		if (signal.aborted || this.#isClosed) leave();
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

	#join(outbox: Outbox, params: DiscoveryParams): Shared {
		const plan = planOf(params);
		const key = keyOf(plan, this.#works.identity(params.hfToken));
		const known = this.#shared.get(key);
		if (known !== undefined) {
			for (const news of known.book.story()) outbox.push(news);
			known.watchers.add(outbox);
			return known;
		}
		const watchers = new Set<Outbox>([outbox]);
		const publish: Parameters<DiscoveryWorks['make']>[1]['publish'] = (news) => {
			for (const watcher of watchers) watcher.push(news);
		};
		const kit = this.#works.make(plan, { publish, token: params.hfToken });
		const shared = { ...kit, watchers };
		this.#shared.set(key, shared);
		const work = this.#run(key, shared).finally(() => this.#underWay.delete(work));
		this.#underWay.add(work);
		return shared;
	}

	async #run(key: string, shared: Shared): Promise<void> {
		const { run, watchers } = shared;
		let failure: { code: string; message: string } | null = null;
		try {
			await run.run();
		} catch (error) {
			const { code, message } = toFailure(error);
			if (code === 'internal') this.#options.onBug(error);
			failure = { code, message: blankSecrets(message) };
		}
		if (this.#shared.get(key) === shared) this.#shared.delete(key);
		const meta = run.meta();
		const models = failure === null && watchers.size > 0 ? run.entries() : [];
		for (const outbox of watchers) {
			const { id } = outbox;
			if (failure === null) outbox.end({ action: 'listChatModels:done', id, models, meta });
			else outbox.end({ action: 'listChatModels:error', id, ...failure });
		}
		shared.ended();
		this.#options.watch.ended(watchers.size === 0 ? { ...meta, cancelled: true } : meta);
	}

	#cancel(shared: Shared, outbox: Outbox): void {
		const { run } = shared;
		if (!outbox.isEnded) {
			const message: DiscoveryDone = {
				action: 'listChatModels:done',
				id: outbox.id,
				models: run.entries(),
				meta: { ...run.meta(), cancelled: true },
			};
			outbox.end(message, { atOnce: true });
		}
		this.#leave(shared, outbox);
	}

	#leave(shared: Shared, outbox: Outbox): void {
		if (!shared.watchers.delete(outbox) || shared.watchers.size > 0) return;
		for (const [key, other] of this.#shared) if (other === shared) this.#shared.delete(key);
		shared.run.abort();
	}
}

/** Equal for orders that come to the same run: same parameters, defaults filled in, asked as the same person. */
function keyOf(plan: DiscoveryPlan, identity: number): string {
	const { models, ...rest } = plan;
	const list = models == null ? null : createHash('sha256').update(JSON.stringify(models)).digest('base64url');
	return JSON.stringify([identity, rest, list]);
}

// Figures of what was routed: how many, how fast, how dear, per tier, model, provider, user, key and strategy.
import { dollars } from '#lib/core/registry/record.ts';
import type { CandidateFigures, GroupFigures, UsageReport, UsageStep } from '#lib/core/registry/view.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { quantile } from '#lib/server/registry/habits.ts';
import { budgetsSince, readAlerts } from '#lib/server/store/budgets.ts';
import {
	attemptFigures,
	requestFigures,
	type AttemptFigures,
	type Dimension,
	type RequestFigures,
} from '#lib/server/store/requests.ts';

interface Line {
	outcome: string;
	code: string | null;
	first_content_ms: number | null;
	/** Null where no times are kept. */
	ms: number | null;
	cost: number | null;
	at: number;
}

function grouped<T>(rows: readonly T[], name: (row: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const row of rows) {
		const group = groups.get(name(row));
		if (group === undefined) groups.set(name(row), [row]);
		else group.push(row);
	}
	return groups;
}

const numbers = (values: (number | null)[]) => values.filter((value) => value !== null);

function figuresOf(name: string, rows: readonly Line[], isGood: (row: Line) => boolean): GroupFigures {
	const good = rows.filter(isGood);
	const times = numbers(good.map(({ ms }) => ms));
	const firsts = numbers(good.map((row) => row.first_content_ms));
	const codes: Record<string, number> = {};
	for (const { code } of rows) if (code !== null) codes[code] = (codes[code] ?? 0) + 1;
	const costs = numbers(rows.map(({ cost }) => cost));
	const latest = rows.reduce((most, { at }) => Math.max(most, at), 0);
	return {
		name,
		requests: rows.length,
		successes: good.length,
		failures: rows.filter(({ outcome }) => outcome === 'failed').length,
		cancelled: rows.filter(({ outcome }) => outcome === 'cancelled').length,
		p50_ms: quantile(times, 0.5),
		p95_ms: quantile(times, 0.95),
		first_content_p50_ms: quantile(firsts, 0.5),
		first_content_p95_ms: quantile(firsts, 0.95),
		average_ms: times.length === 0 ? null : times.reduce((sum, ms) => sum + ms, 0) / times.length,
		cost_usd: dollars(costs.reduce((sum, cost) => sum + cost, 0)),
		unpriced: rows.length - costs.length,
		codes,
		updated_at: latest === 0 ? null : new Date(latest).toISOString(),
	};
}

/** The newest failure; rows come newest first. */
function lastFailure(rows: readonly AttemptFigures[]): CandidateFigures['last_failure'] {
	const failed = rows.find((row) => row.outcome === 'failed');
	return failed === undefined ? null : { class: failed.class, at: new Date(failed.at).toISOString() };
}

const mostSteps = 24;

/** The window in equal steps, the oldest first; a step without requests is there with zeros. */
function stepsOf(rows: readonly Line[], since: number, hours: number): UsageStep[] {
	const stepMs = Math.ceil(hours / mostSteps) * 3_600_000;
	const count = Math.ceil((hours * 3_600_000) / stepMs);
	const groups = grouped(rows, ({ at }) => String(Math.min(count - 1, Math.max(0, Math.floor((at - since) / stepMs)))));
	return Array.from({ length: count }, (_, step) => {
		const group = groups.get(String(step)) ?? [];
		const costs = numbers(group.map(({ cost }) => cost));
		return {
			from: new Date(since + step * stepMs).toISOString(),
			requests: group.length,
			failures: group.filter(({ outcome }) => outcome === 'failed').length,
			cost_usd: dollars(costs.reduce((sum, cost) => sum + cost, 0)),
			unpriced: group.length - costs.length,
		};
	});
}

function candidateFigures(name: string, rows: readonly AttemptFigures[]): CandidateFigures {
	const lines = rows.map((row) => ({ ...row, code: row.class }));
	const speeds = rows
		.filter(
			({ outcome, output, first_content_ms: first, ms }) =>
				outcome === 'won' && output !== null && first !== null && (ms ?? 0) > first,
		)
		.map(({ output, first_content_ms: first, ms }) => ((output ?? 0) * 1000) / ((ms ?? 0) - (first ?? 0)));
	return {
		...figuresOf(name, lines, ({ outcome }) => outcome === 'won'),
		last_failure: lastFailure(rows),
		lost: rows.filter(({ outcome }) => outcome === 'lost').length,
		output_tokens_per_second_p50: quantile(speeds, 0.5),
	};
}

const byCount = <T extends GroupFigures>(figures: T[]) =>
	figures.sort((a, b) => b.requests - a.requests || a.name.localeCompare(b.name));

/** Reads the figures. Nothing is kept in memory: every question counts the rows of its window. */
export class RouteFigures {
	readonly #database: Database;
	readonly #clock: Clock;
	readonly #flush: () => void;

	constructor({ database, clock, flush }: { database: Database; clock: Clock; flush: () => void }) {
		this.#database = database;
		this.#clock = clock;
		this.#flush = flush;
	}

	#requests(dimension: Dimension, since: number): RequestFigures[] {
		return requestFigures(this.#database, dimension, since);
	}

	#groups(dimension: Dimension, since: number): GroupFigures[] {
		const groups = grouped(this.#requests(dimension, since), ({ group }) => group);
		return byCount([...groups].map(([name, rows]) => figuresOf(name, rows, ({ outcome }) => outcome === 'ok')));
	}

	/** Figures of the last hours, budgets of the windows that hold now, and the latest alerts. */
	report(hours: number): UsageReport {
		this.#flush();
		const now = this.#clock.date().getTime();
		const since = now - hours * 3_600_000;
		const attempts = attemptFigures(this.#database, since);
		const all = this.#requests('strategy', since);
		const provider = ({ candidate }: AttemptFigures) => candidate.slice(0, candidate.indexOf('/'));
		const candidates = (name: (row: AttemptFigures) => string) =>
			byCount([...grouped(attempts, name)].map(([group, rows]) => candidateFigures(group, rows)));
		return {
			since: new Date(since).toISOString(),
			hours,
			total: figuresOf('all', all, ({ outcome }) => outcome === 'ok'),
			steps: stepsOf(all, since, hours),
			routes: this.#groups('route', since),
			models: candidates(({ candidate }) => candidate),
			providers: candidates(provider),
			users: this.#groups('user_id', since),
			keys: this.#groups('key_name', since),
			strategies: this.#groups('strategy', since),
			budgets: budgetsSince(this.#database, now - 31 * 86_400_000).map(({ start, ...budget }) => ({
				...budget,
				from: new Date(start).toISOString(),
			})),
			alerts: readAlerts(this.#database, 50),
		};
	}
}

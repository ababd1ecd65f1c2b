// What a monitor reads of this process, in the text form of Prometheus: counted here, or looked up when it is asked for.
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** One figure with what tells it from its siblings. */
export interface Sample {
	labels?: Readonly<Record<string, string>>;
	value: number;
}

/** A figure and its siblings under one name. Names carry their unit (`_bytes`, `_seconds`, `_total`). */
export interface Figure {
	name: string;
	help: string;
	type: 'counter' | 'gauge';
	samples: readonly Sample[];
}

/** How one request was answered. `route` is the pattern, never the address: addresses have no end. */
export interface Answered {
	method: string;
	route: string;
	status: number;
	seconds: number;
}

/** Upper ends of the histogram's buckets in seconds: from a lookup in memory to a wait for the Hub. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** More kinds of answers than routes, methods and statuses can make. */
const mostKinds = 2_000;
const nanoseconds = 1e9;

function escaped(text: string): string {
	return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function line(name: string, { labels = {}, value }: Sample): string {
	const inside = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
	return `${name}${inside.length === 0 ? '' : `{${inside.join(',')}}`} ${Number.isFinite(value) ? value : 0}`;
}

function block({ name, help, type, samples }: Figure): string[] {
	if (samples.length === 0) return [];
	return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => line(name, sample))];
}

interface Kind {
	labels: { method: string; route: string; status: string };
	count: number;
}

interface Durations {
	/** Answers up to each bound, not added up. */
	slots: number[];
	sum: number;
	count: number;
}

interface MetricsOptions {
	/** Figures that are looked up when somebody asks. */
	look: () => Figure[];
}

/** Counts answers and the delay of the event loop. `close` ends the watch over the latter. */
export class Metrics {
	readonly #kinds = new Map<string, Kind>();
	readonly #durations = new Map<string, Durations>();
	readonly #look: () => Figure[];
	readonly #delay: IntervalHistogram;

	constructor({ look }: MetricsOptions) {
		this.#look = look;
		this.#delay = monitorEventLoopDelay({ resolution: 20 });
		this.#delay.enable();
	}

	/** Counts an answer, at the moment its head is known. */
	answered({ method, route, status, seconds }: Answered): void {
		const key = `${method} ${status} ${route}`;
		const kind = this.#kinds.get(key);
		if (kind !== undefined) kind.count += 1;
		else if (this.#kinds.size < mostKinds) {
			this.#kinds.set(key, { labels: { method, route, status: String(status) }, count: 1 });
		}
		const durations = this.#durations.get(route) ?? { slots: bounds.map(() => 0), sum: 0, count: 0 };
		const slot = bounds.findIndex((bound) => seconds <= bound);
		if (slot !== -1) durations.slots[slot] = (durations.slots[slot] ?? 0) + 1;
		durations.sum += seconds;
		durations.count += 1;
		if (this.#durations.size < mostKinds) this.#durations.set(route, durations);
	}

	#histogram(): string[] {
		const name = 'modeldex_http_request_duration_seconds';
		const rows = [...this.#durations].flatMap(([route, { slots, sum, count }]) => {
			let seen = 0;
			const buckets = bounds.map((bound, at) => {
				seen += slots[at] ?? 0;
				return line(`${name}_bucket`, { labels: { route, le: String(bound) }, value: seen });
			});
			return [
				...buckets,
				line(`${name}_bucket`, { labels: { route, le: '+Inf' }, value: count }),
				line(`${name}_sum`, { labels: { route }, value: sum }),
				line(`${name}_count`, { labels: { route }, value: count }),
			];
		});
		const help = 'Time until the head of an answer; a stream goes on after it.';
		return rows.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...rows];
	}

	#process(): Figure[] {
		const { rss, heapUsed } = process.memoryUsage();
		const { user, system } = process.cpuUsage();
		const delays = [0.5, 0.99].map((quantile) => ({
			labels: { quantile: String(quantile) },
			value: this.#delay.percentile(quantile * 100) / nanoseconds,
		}));
		const gauge = (name: string, help: string, value: number): Figure => {
			return { name, help, type: 'gauge', samples: [{ value }] };
		};
		return [
			{
				name: 'modeldex_event_loop_delay_seconds',
				help: 'How late timers were since the last time this was asked.',
				type: 'gauge',
				samples: [...delays, { labels: { quantile: '1' }, value: this.#delay.max / nanoseconds }],
			},
			gauge('process_resident_memory_bytes', 'Memory this process holds.', rss),
			gauge('nodejs_heap_size_used_bytes', 'Memory of JavaScript values in use.', heapUsed),
			gauge('process_uptime_seconds', 'Time since the start.', process.uptime()),
			{
				name: 'process_cpu_seconds_total',
				help: 'Processor time used.',
				type: 'counter',
				samples: [{ value: (user + system) / 1e6 }],
			},
		];
	}

	/** Everything as text. The delay of the event loop starts anew. */
	text(): string {
		const answers: Figure = {
			name: 'modeldex_http_requests_total',
			help: 'Requests that were answered.',
			type: 'counter',
			samples: [...this.#kinds.values()].map(({ labels, count }) => ({ labels, value: count })),
		};
		const lines = [
			...block(answers),
			...this.#histogram(),
			...[...this.#look(), ...this.#process()].flatMap((figure) => block(figure)),
		];
		this.#delay.reset();
		return `${lines.join('\n')}\n`;
	}

	close(): void {
		this.#delay.disable();
	}
}

// What monitors read: counts and durations by route in the text form of Prometheus, and figures looked up on demand.
import { afterEach, describe, expect, it } from 'vitest';
import { Metrics, type Figure } from '#lib/server/metrics.ts';

const made: Metrics[] = [];
afterEach(() => {
	for (const metrics of made.splice(0)) metrics.close();
});

function make(look: () => Figure[] = () => []): Metrics {
	const metrics = new Metrics({ look });
	made.push(metrics);
	return metrics;
}

/** Every sample line as name and value. */
function samples(text: string): Map<string, number> {
	const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
	return new Map(
		lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
	);
}

describe('metrics', () => {
	it('count requests by route and status, and add durations up into a histogram', () => {
		const metrics = make();
		const route = '/api/models/[...id]';
		metrics.answered({ method: 'GET', route, status: 200, seconds: 0.004 });
		metrics.answered({ method: 'GET', route, status: 200, seconds: 0.02 });
		metrics.answered({ method: 'GET', route, status: 404, seconds: 60 });
		const found = samples(metrics.text());
		expect(found.get(`modeldex_http_requests_total{method="GET",route="${route}",status="200"}`)).toBe(2);
		expect(found.get(`modeldex_http_requests_total{method="GET",route="${route}",status="404"}`)).toBe(1);
		const bucket = (le: string) =>
			found.get(`modeldex_http_request_duration_seconds_bucket{route="${route}",le="${le}"}`);
		expect(['0.0025', '0.005', '0.025', '10', '+Inf'].map(bucket)).toEqual([0, 1, 2, 2, 3]);
		expect(found.get(`modeldex_http_request_duration_seconds_sum{route="${route}"}`)).toBeCloseTo(60.024);
		expect(found.get(`modeldex_http_request_duration_seconds_count{route="${route}"}`)).toBe(3);
	});

	it('are well-formed: every sample has its type before it, and labels cannot break out', () => {
		const look = (): Figure[] => [
			{ name: 'a_bytes', help: 'A.', type: 'gauge', samples: [{ labels: { x: 'q"\\\n' }, value: NaN }] },
			{ name: 'b_total', help: 'B.', type: 'counter', samples: [] },
		];
		const text = make(look).text();
		expect(text).toContain('# TYPE a_bytes gauge\na_bytes{x="q\\"\\\\\\n"} 0\n');
		expect(text).not.toContain('b_total');
		const typed = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
		for (const name of samples(text).keys()) {
			expect(typed).toContain(name.replace(/\{.*/, '').replace(/_(bucket|sum|count)$/, ''));
		}
	});

	it('tell of the process: memory, processor, and how late timers are', () => {
		const found = samples(make().text());
		expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
		expect(found.get('process_cpu_seconds_total')).toBeGreaterThan(0);
		expect(found.has('modeldex_event_loop_delay_seconds{quantile="0.99"}')).toBe(true);
	});

	it('stay bounded whatever is asked for', () => {
		const metrics = make();
		for (let index = 0; index < 5_000; index += 1) {
			metrics.answered({ method: 'GET', route: `/r${index}`, status: 200, seconds: 0 });
		}
		expect([...samples(metrics.text()).keys()].filter((name) => name.includes('requests_total'))).toHaveLength(2_000);
	});
});

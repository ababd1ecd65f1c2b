// The registry's pages in their parts: the draft of the file, the trace of a request, candidates whose price nobody knows.
import { describe, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { ApiError } from '#lib/client/api.ts';
import { RegistryDraft } from '#lib/client/registry-draft.svelte.ts';
import type { TextCheck } from '#lib/client/registry-desk.ts';
import KeyForm from '#lib/components/KeyForm.svelte';
import { costWords, money } from '#lib/components/registry-words.ts';
import RequestTrace from '#lib/components/RequestTrace.svelte';
import TierPanel from '#lib/components/TierPanel.svelte';
import type { AttemptRecord, RequestRecord } from '#lib/core/registry/record.ts';
import type { TierView } from '#lib/core/registry/view.ts';
import '../support/frame.ts';

const attempt: AttemptRecord = {
	...{ number: 1, candidate: 'lab/a', cause: 'first', outcome: 'won', class: null, reason: null, status: 200 },
	...{ message: null, started_ms: 0, headers_ms: 5, first_content_ms: 20, ended_ms: 100, usage: null },
	...{ cost_nano: 42_000, table_cost_nano: null, is_estimated: true, characters: 10 },
};

const record: RequestRecord = {
	...{ id: 'R', started_at: '2026-11-21T00:00:00Z', spec: 'tier:fast', route: 'tier:fast', operation: 'chat' },
	...{ strategy: 'fallback', user: null, key: null, tags: [], streamed: true, outcome: 'ok', status: 200, code: null },
	...{ message: null, served: 'lab/a', queue_ms: 0, first_content_ms: 20, ms: 100, usage: null, consensus: null },
	...{ notes: [], config: 'abc', cost: { winner: 42_000, losers: 0, total: 42_000 } },
	attempts: [
		attempt,
		{ ...attempt, number: 2, candidate: 'lab/b', outcome: 'skipped', reason: 'no_key', cost_nano: null },
		{ ...attempt, number: 3, candidate: 'lab/c', outcome: 'failed', class: 'overloaded', status: 503, cost_nano: null },
	],
};

describe('a trace', () => {
	it('says of every try why it was made, how it ended and how its cost is known', async () => {
		const shown = await render(RequestTrace, { record });
		const tries = shown.getByTestId('attempt');
		await expect.element(tries.nth(0)).toHaveTextContent('Asked first');
		await expect.element(tries.nth(0)).toHaveTextContent('$0.000042 estimated');
		await expect.element(tries.nth(1)).toHaveTextContent('No key');
		await expect.element(tries.nth(1)).not.toHaveTextContent('Asked first');
		await expect.element(tries.nth(2)).toHaveTextContent('overloaded, HTTP 503');
		await expect.element(tries.nth(2)).toHaveTextContent('Cost unknown');
	});

	it('never turns an unknown cost into nothing', () => {
		expect(money(null)).toBe('unknown');
		expect(money(0)).toBe('$0');
		expect(costWords({ ...attempt, is_estimated: false })).toBe('$0.000042 exact');
	});
});

describe('a tier', () => {
	it('shows health, an unknown price and the last error', async () => {
		const candidate = { breaker: null, price: null, context: null, max_output: null, is_local: true, weight: 1 };
		const open = { state: 'open' as const, until: 5, calls: 3, failures: 3, cause: 'rate_limit' as const };
		const tier: TierView = {
			...{ name: 'fast', strategy: 'race', description: null },
			candidates: [
				{ ...candidate, name: 'lab/a', unusable: null, breaker: open },
				{ ...candidate, name: 'openai/b', unusable: 'no_key' },
			],
			settings: { clampMaxTokens: false, strict: false, fallbackOn: [], sideEffects: false },
		};
		const last = { class: 'rate_limit', at: '2026-11-21T00:00:00Z' };
		const figures = new Map([['lab/a', { requests: 3, p50_ms: null, p95_ms: null, last_failure: last }]]);
		const nowMs = Date.parse('2026-11-21T01:00:00Z');
		const shown = await render(TierPanel, { tier, spec: 'tier:fast', figures, nowMs });
		const [first, second] = [shown.getByTestId('candidate').nth(0), shown.getByTestId('candidate').nth(1)];
		await expect.element(first).toHaveTextContent('Resting: rate_limit');
		await expect.element(first).toHaveTextContent('Price unknown');
		await expect.element(first).toHaveTextContent('last error rate_limit, 1 hour ago');
		await expect.element(second).toHaveTextContent('No key');
		await expect.element(first.getByRole('button', { name: 'Ask it again: lab/a' })).toBeVisible();
		expect(second.getByRole('button').elements()).toEqual([]);
	});
});

describe('the draft', () => {
	it('takes the newest answer only, saves what is good, and keeps the text when the server is away', async () => {
		const good: TextCheck = { digest: 'd', faults: [], findings: [], changes: [{ kind: 'added', path: 'tiers.x' }] };
		const bad = { ...good, faults: [{ file: 'f', line: 2, column: 1, path: 'tiers', message: 'is wrong' }] };
		const waiting: (() => void)[] = [];
		const check = vi.fn<(text: string) => Promise<TextCheck>>((text) => Promise.resolve(text === 'bad' ? bad : good));
		const save = vi.fn<() => Promise<TextCheck>>(() => Promise.resolve(good));
		const desk = {
			check,
			save,
			version: () => Promise.reject(new ApiError('unreachable', 'Modeldex does not answer.')),
		};
		const after = (_: number, work: () => void) => {
			waiting.push(work);
			return () => void waiting.splice(waiting.indexOf(work), 1);
		};
		const draft = new RegistryDraft({ desk, text: 'old', after });
		draft.type('ba');
		draft.type('bad');
		expect(waiting).toHaveLength(1);
		waiting[0]?.();
		await vi.waitFor(() => expect(draft.check?.faults[0]?.line).toBe(2));
		expect(check).toHaveBeenCalledTimes(1);
		expect(draft.isGood).toBe(false);
		draft.type('good');
		await draft.look();
		await draft.save();
		expect(draft.said).toContain('1 part of it is');
		expect(draft.isChanged).toBe(false);
		await draft.recall('x');
		expect(draft.problem).toBe('Modeldex does not answer.');
		expect(draft.text).toBe('good');
	});
});

describe('a new key', () => {
	it('is shown in its form, and a refusal in a sentence', async () => {
		const made = vi
			.fn<() => Promise<string>>()
			.mockRejectedValueOnce(new ApiError('usage', 'That end is over already.'))
			.mockResolvedValue('mdx_1');
		const shown = await render(KeyForm, { specs: ['tier:fast'], desk: { makeKey: made } });
		await shown.getByLabelText('Name').fill('CI');
		await shown.getByRole('button', { name: 'Make the key' }).click();
		await expect.element(shown.getByRole('alert')).toHaveTextContent('That end is over already.');
		await shown.getByRole('button', { name: 'Make the key' }).click();
		await expect.element(shown.getByTestId('secret')).toHaveTextContent('mdx_1');
	});
});

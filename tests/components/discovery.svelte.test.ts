// The discovery page's parts in every state of a run, driven by messages as the server would send them.
import { describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { candidateLimit } from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { done, encoder, failed, gen, progress } from '../support/discovery-messages.ts';
import { entry } from '../support/models.ts';
import { ScriptedServer, type ScriptedRequest } from '../support/scripted-server.ts';
import DiscoveryFixture from './DiscoveryFixture.svelte';

async function shown(): Promise<ScriptedServer> {
	const server = new ScriptedServer();
	await render(DiscoveryFixture, { fetch: server.fetch });
	await expect.element(button('Discover')).toBeEnabled();
	return server;
}

/** A run that has been started with the button. */
async function started(): Promise<{ server: ScriptedServer; request: ScriptedRequest & { id: string } }> {
	const server = await shown();
	await button('Discover').click();
	return { server, request: await server.run() };
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
const rows = () => page.getByTestId('discovery-row');
const rowOf = (id: string) => rows().filter({ hasText: id });
const summary = () => page.getByTestId('discovery-summary');

describe('discovery on the page', () => {
	it('starts with good defaults and one button; what is typed is what is asked', async () => {
		const server = await shown();
		await expect.element(page.getByText(/Lists up to 5,000 models, reads up to 250 configs\./)).toBeVisible();
		expect(rows().elements()).toHaveLength(0);
		await page.getByText('Options').click();
		await page.getByLabelText('List up to').fill('120');
		await page.getByLabelText('Read up to').fill('30');
		await page.getByLabelText(/Hub token/).fill(' hf_mine ');
		await page.getByRole('checkbox', { name: /Wait when/ }).click();
		await button('Discover').click();
		const params = { listLimit: 120, maxCandidates: 30, wait: false, hfToken: 'hf_mine' };
		expect((await server.run()).body.params).toEqual(params);
		await expect.element(button('Discover')).toBeDisabled();
	});

	it('shows pre-filtered models at once, a spinner while one is read, then a badge with a word', async () => {
		const { request } = await started();
		await expect.element(page.getByText('Listing models', { exact: true })).toBeVisible();
		request.send(progress(request.id, 'a/one', 'prefiltered'), progress(request.id, 'a/two', 'prefiltered'));
		await expect.element(rows().first()).toHaveTextContent('Waiting');
		request.send(progress(request.id, 'a/one', 'config_fetching'));
		await expect.element(rowOf('a/one')).toHaveTextContent('Reading');
		expect(document.querySelectorAll('[data-spinner]')).toHaveLength(1);
		await expect.element(page.getByText('0 of 2 configs read, 1 under way, time left unknown')).toBeVisible();
		request.send(progress(request.id, 'a/one', 'classified', { classification: 'gen', confidence: 'high' }));
		await expect.element(rowOf('a/one')).toHaveTextContent('Gen');
		expect(document.querySelectorAll('[data-spinner]')).toHaveLength(0);
		await expect.element(page.getByRole('progressbar', { name: 'Discovery' })).toHaveAttribute('aria-valuenow', '50');
	});

	it.each<[string, Partial<ModelEntry>, 'classified' | 'auth' | 'error']>([
		['Gen', { classification: 'gen', confidence: 'high' }, 'classified'],
		['Low confidence', { classification: 'gen', confidence: 'low' }, 'classified'],
		['Auth', { classification: 'auth-protected', fetchStatus: '401' }, 'auth'],
		['Gen', { classification: 'gen', confidence: 'high', gated: 'manual', fetchStatus: '403' }, 'auth'],
		['Encoder', { classification: 'encoder', confidence: 'high' }, 'classified'],
		['Unknown', { classification: 'unknown', fetchStatus: 'ok' }, 'classified'],
		['Error', { fetchStatus: 'error', fetchError: { message: 'Too slow.' } }, 'error'],
		['Not read', { excluded_by: candidateLimit }, 'classified'],
	])('says %s of %o', async (badge, delta, status) => {
		const { request } = await started();
		request.send(progress(request.id, 'a/one', status, delta));
		await expect.element(rows().first()).toHaveTextContent(new RegExp(`^${badge} `));
		if (delta.gated) await expect.element(rows().first()).toHaveTextContent('Gated');
		expect(document.querySelector('[data-testid=discovery-row] svg use')).not.toBeNull();
	});

	it('sums up, groups by class, and tells why a model was left out', async () => {
		const { request } = await started();
		const models = [
			gen('a/gen'),
			gen('a/low', { confidence: 'low' }),
			encoder('a/embed'),
			entry({ id: 'a/what', fetchStatus: 'ok' }),
			entry({ id: 'a/far', excluded_by: candidateLimit }),
		];
		const errors = [{ modelId: '', code: 'rate_limited', message: 'The Hub refused 3 requests as too many.' }];
		request.send(done(request.id, models, { filtered: 1, requests: 4, durationMs: 2_400, errors }));
		await expect.element(summary()).toHaveTextContent(/Done in 2 s.*Listed 5.*Dropped early 1.*Gen 1.*Requests 4/);
		await expect.element(page.getByText('The Hub refused 3 requests as too many.')).toBeVisible();
		await button(/^Dropped early/).click();
		await expect.element(rows().first()).toHaveTextContent('pre-filter: pipeline_tag sentence-similarity');
		expect(rows().elements()).toHaveLength(1);
		await button(/^Chat models 1/).click();
		await expect.element(page.getByText(/2 of low confidence or unknown are hidden\./)).toBeVisible();
		await button('Show them').click();
		await expect.poll(() => rows().elements().length).toBe(3);
		await expect.element(page.getByRole('checkbox', { name: /low-confidence/ })).toBeChecked();
	});

	it('says when the limit of the Hub ended it, and offers the next candidates', async () => {
		const { server, request } = await started();
		const models = [gen('a/gen'), entry({ id: 'a/far', excluded_by: candidateLimit })];
		request.send(done(request.id, models, { rate_limited: true }));
		await expect.element(summary()).toHaveTextContent('because the Hub’s limit was reached');
		await button('Continue with the next 250').click();
		const next = await server.run(1);
		expect(next.body.params).toMatchObject({ continueFrom: request.id });
		next.send(done(next.id, [gen('a/far')]));
		await expect.element(button(/^Chat models 2/)).toBeVisible();
		expect(button(/^Continue/).query()).toBeNull();
	});

	it('offers to read failed models again, by reason', async () => {
		const { server, request } = await started();
		const bad = (id: string) => entry({ id, fetchStatus: 'error' });
		const errors = [{ modelId: 'a/1', code: 'hub_timeout', message: 'Too slow.' }];
		request.send(done(request.id, [bad('a/1'), bad('a/2')], { errors }));
		await button('Retry: The Hub took too long').click();
		const next = await server.run(1);
		expect(next.body.params).toMatchObject({ models: [{ id: 'a/1' }] });
		next.send(done(next.id, [gen('a/1')]));
		await expect.poll(() => page.getByTestId('discovery-errors').element().textContent).not.toContain('too long');
		await expect.element(rowOf('a/1')).toHaveTextContent('Gen');
		await expect.element(rowOf('a/2')).toHaveTextContent('Error');
	});

	it('can be cancelled, and says so', async () => {
		const { server, request } = await started();
		request.send(progress(request.id, 'a/1', 'config_fetching'));
		await button('Cancel').click();
		await server.until(() => server.requests.some(({ method }) => method === 'DELETE'));
		request.send(done(request.id, [entry({ id: 'a/1' })], { cancelled: true }));
		await expect.element(summary()).toHaveTextContent('Cancelled after 1 s');
		await expect.element(rowOf('a/1')).toHaveTextContent('Not read');
	});

	it.each([
		['offline', 'There is no Hub to ask.', /There is no Hub to ask\. The list of models works offline\./],
		['hub_unreachable', 'The Hub is out of reach.', /The Hub is out of reach\. What was found until then is below\./],
	])('has a sentence for %s', async (code, message, sentence) => {
		const { request } = await started();
		if (code !== 'offline') request.send(progress(request.id, 'a/1', 'classified', gen('a/1')));
		request.send(failed(request.id, code, message));
		await expect.element(page.getByRole('alert')).toHaveTextContent(sentence);
		await expect.element(button('Discover')).toBeEnabled();
	});

	it('keeps few rows in the document however many there are', async () => {
		const { request } = await started();
		const models = Array.from({ length: 5_000 }, (_, at) => gen(`a/${at}`));
		request.send(done(request.id, models));
		await expect.element(button(/^All 5,000/)).toBeVisible();
		await expect.poll(() => rows().elements().length).toBeGreaterThan(5);
		expect(rows().elements().length).toBeLessThan(60);
	});
});

// Downloads in their parts: a row with its buttons and its advice, and a plan with its choice.
import { describe, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import DownloadPlanView from '#lib/components/DownloadPlanView.svelte';
import DownloadRow from '#lib/components/DownloadRow.svelte';
import type { DownloadError, GateState } from '#lib/core/download.ts';
import type { DownloadPlan, WeightOffer } from '#lib/core/download-plan.ts';
import type { DownloadAction } from '#lib/core/download-order.ts';
import { download } from '../support/downloads.ts';
import '../support/frame.ts';

const nowMs = Date.parse('2026-11-21T00:00:10Z');
const hubUrl = 'https://hub.test';
const told = { hubUrl, nowMs, onact: () => {}, onmove: () => {} };
const failed = (error: Partial<DownloadError>) =>
	download({ state: 'failed', error: { code: 'gated', message: 'It is gated.', retriable: true, ...error } });

describe('a row', () => {
	it('says bytes, speed and time left, and is paused, cancelled and moved', async () => {
		const onact = vi.fn<(action: DownloadAction | 'remove') => void>();
		const onmove = vi.fn<(before: string | null) => void>();
		const row = await render(DownloadRow, { ...told, download: download(), onact, onmove, up: 'd0', down: null });
		await expect.element(row.getByTestId('download-progress')).toHaveTextContent(/1 KiB of 4 KiB.*512 B\/s.*6 s left/);
		await row.getByRole('button', { name: 'Pause meadow/Model' }).click();
		await row.getByRole('button', { name: 'Cancel meadow/Model' }).click();
		expect(onact.mock.calls).toEqual([['pause'], ['cancel']]);
		await row.getByRole('button', { name: 'Move meadow/Model up' }).click();
		await row.getByRole('button', { name: 'Move meadow/Model down' }).click();
		expect(onmove.mock.calls).toEqual([['d0'], [null]]);
	});

	it.each<[GateState, string]>([
		['sign_in', 'HF_TOKEN=hf_… modeldex serve'],
		['accept', 'Accept the licence there, then try again.'],
		['pending', 'Try again when its authors have answered.'],
		['rejected', 'Only its authors can change that.'],
		['token', 'Open your tokens on the Hub'],
	])('at a gate (%s) says the one thing to do', async (gate, advice) => {
		const row = await render(DownloadRow, { ...told, download: failed({ gate }) });
		await expect.element(row.getByTestId('advice')).toHaveTextContent(advice);
		const page = gate === 'token' ? `${hubUrl}/settings/tokens` : `${hubUrl}/meadow/Model`;
		await expect.element(row.getByRole('link', { name: /on the Hub/ })).toHaveAttribute('href', page);
	});

	it.each<[DownloadError['code'], string]>([
		['disk_full', 'See what can go'],
		['integrity_failed', 'the damaged file is fetched anew'],
		['offline', 'env -u HF_HUB_OFFLINE modeldex serve'],
		['unsafe_format', 'order it again with that allowed'],
	])('after %s says the one thing to do', async (code, advice) => {
		const row = await render(DownloadRow, { ...told, download: failed({ code }) });
		await expect.element(row.getByTestId('advice')).toHaveTextContent(advice);
		await expect.element(row.getByRole('button', { name: 'Try again meadow/Model' })).toBeVisible();
	});
});

const offer = (quant: string, bytes: number): WeightOffer => ({ name: `m-${quant}.gguf`, quant, bytes, files: [] });
const plan: DownloadPlan = {
	...{ model_id: 'meadow/Model', revision: 'a'.repeat(40), total: 4096, missing: 3072, license: null, fit: null },
	files: [{ path: 'm-Q4_K_M.gguf', bytes: 4096, here: 1024, digest: 'f'.repeat(64) }],
	disk: { free_bytes: 2048, reserved_bytes: 1024, need_bytes: 8192, enough: false },
	gate: { state: 'open', message: 'Open.' },
	...{
		quant: 'Q4_K_M',
		quants: ['Q8_0', 'Q4_K_M'],
		offers: [offer('Q8_0', 8192), offer('Q4_K_M', 4096)],
		warnings: [],
	},
};

describe('a plan', () => {
	it('shows what is to fetch, what is here, that room is short, and the weights to choose from', async () => {
		const onchoose = vi.fn<(chosen: WeightOffer) => void>();
		const view = await render(DownloadPlanView, { plan, hubUrl, isOld: false, onchoose });
		await expect
			.element(view.getByTestId('plan'))
			.toHaveTextContent(/3 KiB in 1 file, 1 KiB of 4 KiB are here already/);
		await expect.element(view.getByTestId('plan')).toHaveTextContent(/8 KiB are needed.*1 KiB are free/);
		await expect.element(view.getByRole('radio', { name: /Q4_K_M/ })).toBeChecked();
		await view.getByRole('radio', { name: /Q8_0/ }).click();
		expect(onchoose.mock.calls[0]?.[0].quant).toBe('Q8_0');
	});
});

// The form of download limits: shows what is kept, keeps what is written, and says what cannot be.
import { expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { ApiError } from '#lib/client/api.ts';
import DownloadLimits from '#lib/components/DownloadLimits.svelte';
import type { DownloadLimits as Limits } from '#lib/core/download-order.ts';
import '../support/frame.ts';

const limits = { parallel: 2, bytes_per_second: null };

it('keeps what is written, and shows it', async () => {
	const onsave = vi.fn(async (wanted: Limits) => wanted);
	const form = await render(DownloadLimits, { limits, onsave });
	await expect
		.element(form.getByTestId('limit-sentence'))
		.toHaveTextContent('Up to 2 downloads at once, as fast as they come.');
	await form.getByLabelText('Downloads at once').selectOptions('3');
	await form.getByLabelText('Speed cap in MB/s').fill('12.5');
	await form.getByRole('button', { name: 'Save limits' }).click();
	await expect.element(form.getByRole('status')).toHaveTextContent('Saved; what runs obeys within a second.');
	expect(onsave.mock.calls).toEqual([[{ parallel: 3, bytes_per_second: 12_500_000 }]]);
	await expect
		.element(form.getByTestId('limit-sentence'))
		.toHaveTextContent('Up to 3 downloads at once, at most 12.5 MB/s together.');
	await expect.element(form.getByLabelText('Speed cap in MB/s')).toHaveValue('12.5');
});

it('says what cannot be kept, and why', async () => {
	const onsave = vi.fn(async () => {
		throw new ApiError('offline', 'Modeldex does not answer.');
	});
	const form = await render(DownloadLimits, { limits, onsave });
	await form.getByLabelText('Speed cap in MB/s').fill('quick');
	await form.getByRole('button', { name: 'Save limits' }).click();
	await expect.element(form.getByRole('alert')).toHaveTextContent('The speed cap is an amount per second');
	await expect.element(form.getByLabelText('Speed cap in MB/s')).toHaveAttribute('aria-invalid', 'true');
	await expect.element(form.getByLabelText('Speed cap in MB/s')).toHaveValue('quick');
	expect(onsave).not.toHaveBeenCalled();
	await form.getByLabelText('Speed cap in MB/s').fill('');
	await form.getByRole('button', { name: 'Save limits' }).click();
	await expect.element(form.getByRole('alert')).toHaveTextContent('Modeldex does not answer.');
});

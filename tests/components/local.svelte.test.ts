// The page of models on this machine in its parts: the list, the dialog that removes, folders, duplicates.
import { describe, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { ApiError } from '#lib/client/api.ts';
import CopyTable from '#lib/components/CopyTable.svelte';
import DuplicateList from '#lib/components/DuplicateList.svelte';
import FolderList from '#lib/components/FolderList.svelte';
import Reclaim from '#lib/components/Reclaim.svelte';
import type { LocalRow } from '#lib/components/local-words.ts';
import type { LocalRoot, RemovalPlan } from '#lib/core/inventory.ts';
import LocalFixture from './LocalFixture.svelte';
import '../support/frame.ts';

const nowMs = Date.parse('2026-11-21T00:00:00Z');

function row(more: Partial<LocalRow> = {}): LocalRow {
	const revision = {
		commit: 'a'.repeat(40),
		refs: ['main'],
		files: 2,
		size_bytes: 2048,
		unique_bytes: 2048,
		missing: [],
		changed: null,
	};
	return {
		...{
			key: 'k1',
			id: 'meadow/Model',
			name: 'meadow/Model',
			revision: revision.commit,
			tool: 'huggingface',
			root: '/hub',
			path: '/hub/x',
		},
		...{
			files: 2,
			revisions: [revision],
			size_bytes: 2048,
			disk_bytes: 4096,
			unique_bytes: 2048,
			partial: false,
			leftovers: [],
		},
		...{ broken: null, notes: [], arrived: null, last_used: '2026-11-18T00:00:00Z', family: 'Llama', parameters: 1e9 },
		...more,
	};
}

const plan: RemovalPlan = {
	...{
		id: 'meadow/Model',
		tool: 'ollama',
		path: '/o',
		frees_bytes: 1024,
		removes: ['/o/manifest'],
		confirm: 'meadow/Model',
	},
	keeps: [{ path: '/o/blob', why: 'base (Ollama) needs the same bytes' }],
};

const folder: LocalRoot = {
	...{ tool: 'huggingface', path: '/hub', is_there: true, added: false, copies: 1, size_bytes: 2048, leftovers: [] },
	...{ free_bytes: 25, total_bytes: 100 },
};

describe('the list of copies', () => {
	it('shows the largest first, with what is shared, partial and broken', async () => {
		const copies = [
			row({ key: 'b', id: 'b/Broken', broken: 'it has no snapshot', size_bytes: 0 }),
			row({ key: 'c', unique_bytes: 0, partial: true }),
			row({ key: 'd', id: 'a/Large', size_bytes: 5000, unique_bytes: 5000 }),
		];
		const onremove = vi.fn<(copy: LocalRow) => void>();
		const list = await render(CopyTable, { copies, nowMs, onremove });
		const items = list
			.getByTestId('copy')
			.elements()
			.map((item) => item.textContent ?? '');
		expect(items[0]).toContain('Large');
		expect(items[0]).toContain('3 days ago');
		expect(items[1]).toContain('Partial');
		expect(items[1]).toContain('0 B only here');
		expect(items[2]).toContain('It cannot be used: it has no snapshot.');
		await list.getByRole('button', { name: 'Remove b/Broken from Hugging Face cache' }).click();
		expect(onremove.mock.calls[0]?.[0].key).toBe('b');
	});
});

describe('removing', () => {
	it('says what stays and why, wants the name typed, and tells what came free', async () => {
		const ondone = vi.fn<(freed: number) => void>();
		const remove = vi.fn<() => Promise<RemovalPlan>>(() => Promise.resolve(plan));
		const desk = { preview: () => Promise.resolve(plan), remove };
		const shown = await render(LocalFixture, { copy: row({ tool: 'ollama' }), desk, ondone });
		await expect.element(shown.getByTestId('frees')).toHaveTextContent('1 KiB come free');
		await expect.element(shown.getByTestId('keeps')).toHaveTextContent('/o/blob: base (Ollama) needs the same bytes.');
		const button = shown.getByRole('button', { name: 'Remove', exact: true });
		await expect.element(button).toBeDisabled();
		await shown.getByRole('textbox').fill('meadow/Model');
		await button.click();
		await vi.waitFor(() => expect(ondone).toHaveBeenCalledExactlyOnceWith(1024));
	});

	it('says why it cannot be removed', async () => {
		const refusal = new ApiError('unsafe_local_path', 'It has a link that leads out.');
		const desk = { preview: () => Promise.reject(refusal), remove: () => Promise.resolve(plan) };
		const shown = await render(LocalFixture, { copy: row(), desk, ondone: () => {} });
		await expect.element(shown.getByRole('alert')).toHaveTextContent('It has a link that leads out.');
		await expect.element(shown.getByRole('button', { name: 'Remove', exact: true })).toBeDisabled();
	});
});

describe('around it', () => {
	it('folders show how full their disks are, and what is not there', async () => {
		const folders = [folder, { ...folder, tool: 'ollama' as const, path: '/none', is_there: false }];
		const desk = {
			addFolder: () => Promise.reject(new ApiError('usage', 'No such folder.')),
			forgetFolder: () => Promise.resolve(),
		};
		const list = await render(FolderList, { folders, desk });
		await expect.element(list.getByTestId('gauge')).toHaveTextContent('25 B of 100 B free');
		await expect.element(list.getByText('Not on this machine: Ollama.')).toBeVisible();
		await list.getByRole('textbox').fill('/x');
		await list.getByRole('button', { name: 'Add folder' }).click();
		await expect.element(list.getByRole('alert')).toHaveTextContent('No such folder.');
	});

	it('duplicates say what they would win and how that is known', async () => {
		const places = (['huggingface', 'ollama'] as const).map((tool) => ({
			id: 'a/b',
			tool,
			path: `/${tool}`,
			known_by: 'name' as const,
		}));
		const duplicates = {
			duplicates: [{ sha256: '1'.repeat(64), size_bytes: 2048, wins_bytes: 2048, places }],
			...{ wins_bytes: 2048, unread: { files: 2, bytes: 4096 } },
		};
		const compare = vi.fn<() => Promise<void>>(() => Promise.resolve());
		const list = await render(DuplicateList, { duplicates, desk: { compare, share: null } });
		await expect.element(list.getByText('2 KiB in 2 places')).toBeVisible();
		await expect.element(list.getByText('its file is named by its SHA-256').first()).toBeVisible();
		await list.getByRole('button', { name: 'Read 4 KiB to compare' }).click();
		expect(compare).toHaveBeenCalledOnce();
	});

	it('clears away by kind, and says so when there is nothing', async () => {
		const leftover = { kind: 'partial' as const, path: '/p', bytes: 2048, changed: null, why: 'x' };
		const prune = vi.fn<() => Promise<number>>(() => Promise.resolve(2048));
		const onsaid = vi.fn<(words: string) => void>();
		const shown = await render(Reclaim, {
			copies: [row({ leftovers: [leftover] })],
			folders: [folder],
			desk: { prune },
			onsaid,
		});
		await shown.getByRole('button', { name: 'Clear: Downloads that never ended' }).click();
		await vi.waitFor(() => expect(onsaid).toHaveBeenCalledWith('2 KiB freed.'));
		const none = await render(Reclaim, { copies: [], folders: [folder], desk: { prune }, onsaid });
		await expect.element(none.getByText('Nothing: every file in the shared folders belongs to a model.')).toBeVisible();
	});
});

// The page of models on this machine: every copy, the folders that are searched, and bytes that are here twice.
import type { LocalModelRow } from '#lib/core/inventory.ts';
import type { PageServerLoad } from './$types';

/** A row without what the page does not show: file lists would be most of its bytes. */
function lean({ files, characteristics, ...row }: LocalModelRow) {
	const family = characteristics?.architecture_family ?? null;
	const parameters = characteristics?.parameters.total ?? null;
	return { ...row, files: files.length, family: family === 'Unknown' ? null : family, parameters };
}

export const load: PageServerLoad = async ({ locals: { app }, depends }) => {
	depends('modeldex:local');
	const { models, disk } = await app.local.list();
	return {
		copies: models.map(lean),
		disk,
		folders: await app.local.folders(),
		duplicates: await app.local.duplicates(),
		nowMs: Date.now(),
	};
};

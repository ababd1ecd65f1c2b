// The about page: which versions run, how old the shipped facts are and where they are from, and whose work is in here.
import licences from 'virtual:licences';
import { loadedSnapshotDate } from '#lib/server/snapshot.ts';
import { sqliteVersion } from '#lib/server/store/meta.ts';
import type { PageServerLoad } from './$types';

/** Packages that do the heavy work, as people know them; shown when they are part of this build. */
const engines: Readonly<Record<string, string>> = {
	undici: 'HTTP client (undici)',
	'@huggingface/transformers': 'Transformers.js',
	'onnxruntime-node': 'ONNX Runtime',
	'node-llama-cpp': 'llama.cpp for Node',
};

export const load: PageServerLoad = ({ locals: { app } }) => {
	const { version, catalog, snapshot, database } = app;
	const { node, v8 } = process.versions;
	const parts = licences.filter(({ name }) => engines[name] !== undefined);
	return {
		versions: [
			{ name: 'Modeldex', version },
			{ name: 'Node', version: node },
			{ name: 'V8', version: v8 },
			{ name: 'SQLite', version: sqliteVersion(database) },
			...parts.map((part) => ({ name: engines[part.name] ?? part.name, version: part.version })),
		],
		platform: `${process.platform} ${process.arch}`,
		snapshot: { asOf: loadedSnapshotDate(database), models: snapshot.size, sources: snapshot.sources },
		refreshedAt: catalog.updatedAt,
		models: catalog.counts().catalog,
		licences: licences.map(({ text: _text, ...rest }) => rest),
		nowMs: Date.now(),
	};
};

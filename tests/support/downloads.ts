// Hand-written downloads for tests, with every field a test does not care about filled in.
import type { Download } from '#lib/core/download.ts';

/** A download that is under way, changed as told. */
export function download(part: Partial<Download> = {}): Download {
	const model_id = part.model_id ?? 'meadow/Model';
	return {
		...{ id: 'd1', model_id, ref: 'main', revision: 'a'.repeat(40), state: 'downloading', bytes: 1024, total: 4096 },
		files: [{ path: 'model.safetensors', bytes: 1024, total: 4096, state: 'downloading', digest: 'f'.repeat(64) }],
		...{ speed: 512, eta_seconds: 6, error: null, warnings: [], path: null, position: 1 },
		order: { model_id, revision: 'main', files: [], exclude: [], quant: null, allow_unsafe: false },
		...{ created_at: '2026-11-21T00:00:00.000Z', updated_at: '2026-11-21T00:00:00.000Z' },
		...part,
	};
}

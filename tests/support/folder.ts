// A folder of its own for one test file, gone afterwards.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Path of a fresh empty folder that is removed after the file's tests. */
export function temporaryFolder(): string {
	const path = mkdtempSync(join(tmpdir(), 'modeldex-'));
	afterAll(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

// Folders of their own for one test file, gone afterwards.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];
// Here and not where a folder is made: a hook that is asked for in the middle of a test never runs.
afterAll(() => made.splice(0).forEach((path) => rmSync(path, { recursive: true, force: true })));

/** Path of a fresh empty folder that is removed after the file's tests. */
export function temporaryFolder(): string {
	const path = mkdtempSync(join(tmpdir(), 'modeldex-'));
	made.push(path);
	return path;
}

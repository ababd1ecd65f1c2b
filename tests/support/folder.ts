// Folders of their own for one test file, gone afterwards.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

/** Removes all that were made. */
export function removeFolders(): void {
	for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
}

/** Path of a fresh empty folder that is removed after the file's tests. */
export function temporaryFolder(): string {
	const path = mkdtempSync(join(tmpdir(), 'modeldex-'));
	made.push(path);
	return path;
}

// Which test files need a process of their own: all others share one, and so load each module once for many files.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A rig asks for hooks when it is imported, and a mock is put in a module's place: either holds for the first file of a
 * process alone.
 */
const needsOwn = /support\/[a-z-]+-rig\.ts'|\bvi\.mock\(/;

/** Test files that need it, by their paths from `root`. */
export function filesAlone(root: string): string[] {
	return readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' })
		.filter((path) => path.endsWith('.test.ts') && !path.endsWith('.svelte.test.ts') && !path.startsWith('e2e'))
		.map((path) => `tests/${path.replaceAll('\\', '/')}`)
		.filter((path) => needsOwn.test(readFileSync(join(root, path), 'utf8')));
}

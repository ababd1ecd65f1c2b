// Where this package lies on disk, whichever way the code was bundled: its shipped files are found from there.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const packageSchema = z.object({ name: z.string() });

function isOurs(folder: string): boolean {
	const path = join(folder, 'package.json');
	if (!existsSync(path)) return false;
	const parsed = packageSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
	return parsed.success && parsed.data.name === 'modeldex';
}

/** The folder that holds our package.json, at or above the file of this address. Throws when there is none. */
export function packageFolder(from = import.meta.url): string {
	for (let folder = dirname(fileURLToPath(from)); ; folder = dirname(folder)) {
		if (isOurs(folder)) return folder;
		if (folder === dirname(folder)) throw new Error(`No package.json of Modeldex above ${fileURLToPath(from)}.`);
	}
}

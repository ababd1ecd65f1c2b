// The development corpus of real configuration files, found beside the checkout when it is there.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface CorpusFile {
	id: string;
	/** Path inside the corpus folder. */
	file: string;
	kind: string;
	fidelity: string;
}

/** The corpus folder; null when there is none, which a test then says as its reason to skip. */
export function corpusFolder(): string | null {
	for (let folder = dirname(import.meta.dirname); ; folder = dirname(folder)) {
		const found = join(folder, 'shared', 'corpus');
		if (existsSync(join(found, 'INDEX.jsonl'))) return found;
		if (folder === dirname(folder)) return null;
	}
}

/** What the corpus holds; empty without one. */
export function corpusFiles(): CorpusFile[] {
	const folder = corpusFolder();
	if (folder === null) return [];
	const lines = readFileSync(join(folder, 'INDEX.jsonl'), 'utf8').trimEnd().split('\n');
	return lines.map((line) => JSON.parse(line));
}

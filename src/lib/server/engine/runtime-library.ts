// Where the optional inference library lies, and what to say when it is not there.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '#lib/core/failure.ts';
import { packageFolder } from '#lib/server/package-folder.ts';

/** The package and the exact version that is tested with this release. */
export const inferencePackage = '@huggingface/transformers@4.3.1';

/**
 * Address of the library's entry file. Throws `engine_missing` with the command that installs it: it brings 450 MB of
 * native runtime, so that it is optional.
 */
export function findLibrary(from = packageFolder()): string {
	try {
		const require = createRequire(join(from, 'package.json'));
		// The module form of the same build: the other one's names are not all seen from a module.
		const entry = require.resolve('@huggingface/transformers').replace(/\.cjs$/, '.mjs');
		return pathToFileURL(entry).href;
	} catch (cause) {
		const how = `npm install --no-save ${inferencePackage}`;
		throw new Failure(
			'engine_missing',
			`Running models here needs an optional package (about 450 MB): ${how}, in ${from}.`,
			{ cause },
		);
	}
}

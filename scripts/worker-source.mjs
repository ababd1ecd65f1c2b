// Vite plugin: `import source from './x.ts?worker-source'` gives a worker's whole program as one text, packages included.
import { build } from 'vite';

const query = '?worker-source';

/**
 * Node's worker threads need a program Node can run by itself, wherever it was started from: Vite's dev server, a test,
 * the built server or the command line bundle. A text carried inside the importing module is the one form that works in
 * all four.
 * @returns {import('vite').Plugin}
 */
export function workerSource() {
	return {
		name: 'modeldex:worker-source',
		enforce: 'pre',
		async resolveId(source, importer) {
			if (!source.endsWith(query)) return null;
			const found = await this.resolve(source.slice(0, -query.length), importer, { skipSelf: true });
			return found === null ? null : `${found.id}${query}`;
		},
		async load(id) {
			if (!id.endsWith(query)) return null;
			const entry = id.slice(0, -query.length);
			const result = await build({
				configFile: false,
				logLevel: 'warn',
				publicDir: false,
				ssr: { noExternal: true },
				build: {
					ssr: entry,
					write: false,
					target: 'node20',
					minify: false,
					rollupOptions: { output: { format: 'cjs' } },
				},
			});
			const outputs = Array.isArray(result) ? result : [result];
			const chunks = outputs.flatMap((one) => ('output' in one ? one.output : []));
			if (chunks.length !== 1 || chunks[0]?.type !== 'chunk') throw new Error(`${entry} did not become one file.`);
			for (const file of chunks[0].moduleIds) if (!file.includes('node_modules')) this.addWatchFile(file);
			return `export default ${JSON.stringify(chunks[0].code)};`;
		},
	};
}

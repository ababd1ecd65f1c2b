// Bundles what runs in plain Node: the command line from src/cli and the library entries, packages left outside.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { workerSource } from './worker-source.mjs';

export default defineConfig({
	root: fileURLToPath(new URL('..', import.meta.url)),
	publicDir: false,
	plugins: [workerSource()],
	build: {
		ssr: true,
		outDir: 'build/cli',
		emptyOutDir: true,
		target: 'node20',
		rollupOptions: {
			input: {
				main: 'src/cli/main.ts',
				stock: 'src/cli/stock.ts',
				'library/models': 'src/lib/server/library/models.ts',
				'library/registry': 'src/lib/server/library/registry.ts',
			},
			output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
		},
	},
});

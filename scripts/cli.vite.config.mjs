// Bundles the command line: one Node program from src/cli, packages left outside.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { workerSource } from './worker-source.mjs';

export default defineConfig({
	root: fileURLToPath(new URL('..', import.meta.url)),
	publicDir: false,
	plugins: [workerSource()],
	build: {
		ssr: 'src/cli/main.ts',
		outDir: 'build/cli',
		emptyOutDir: true,
		target: 'node20',
		rollupOptions: { output: { entryFileNames: 'main.js', chunkFileNames: 'chunks/[name]-[hash].js' } },
	},
});

// Vite plugin: the built server keeps no request at hand across awaits, which would slow every promise of the process.

/** SvelteKit's module that makes the storage behind `getRequestEvent`. */
const file = /\/@sveltejs\/kit\/src\/exports\/internal\/event\.js$/;
const asking = "import('node:async_hooks')";

/**
 * Node 20 and 22 call into JavaScript at every promise, timer and socket event as soon as one AsyncLocalStorage was used,
 * which is a tenth of what a call of the gateway costs. SvelteKit does without it where there is none: then the request can
 * be asked for at once only, not after an await. Nothing here asks; the event is handed on.
 * @returns {import('vite').Plugin}
 */
export function noRequestContext() {
	return {
		name: 'modeldex:no-request-context',
		enforce: 'pre',
		apply: 'build',
		// Otherwise the adapter bundles it, which asks no plugin.
		config: () => ({ ssr: { noExternal: ['@sveltejs/kit'] } }),
		transform(code, id) {
			if (!file.test(id.replaceAll('\\', '/').replace(/\?.*$/, ''))) return null;
			if (!code.includes(asking)) throw new Error(`${id} asks for its storage in another way now.`);
			return { code: code.replace(asking, 'Promise.reject()'), map: null };
		},
	};
}

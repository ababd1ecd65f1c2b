// SvelteKit: Node adapter, strict content security policy, our own origin rule (hooks.server.ts) in place of kit's.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import adapter from '@sveltejs/adapter-node';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/**
 * The theme script of app.html by its content: SvelteKit announces the nonce only on pages that have scripts of their
 * own, and the sign-in page has none.
 */
const page = readFileSync(new URL('src/app.html', import.meta.url), 'utf8');
const themeScript = /<script[^>]*>([^]*?)<\/script>/.exec(page)?.[1] ?? '';
const themeHash = createHash('sha256').update(themeScript).digest('base64');

/** @type {import('@sveltejs/kit').Config} */
export default {
	kit: {
		adapter: adapter({ out: 'build' }),
		version: { name: version },
		csrf: { trustedOrigins: ['*'] },
		csp: {
			mode: 'nonce',
			directives: {
				'default-src': ['self'],
				'script-src': ['self', `sha256-${themeHash}`],
				'style-src': ['self', 'unsafe-inline'],
				'img-src': ['self', 'data:'],
				'font-src': ['self'],
				'connect-src': ['self'],
				'worker-src': ['self', 'blob:'],
				'object-src': ['none'],
				'base-uri': ['none'],
				'form-action': ['self'],
				'frame-ancestors': ['none'],
			},
		},
	},
	vitePlugin: {
		dynamicCompileOptions({ filename }) {
			if (!filename.includes('node_modules')) return { runes: true };
		},
	},
};

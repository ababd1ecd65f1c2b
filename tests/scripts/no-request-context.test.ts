// The built server without the storage that would slow every promise: what is taken out of SvelteKit, and nobody misses it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noRequestContext } from '../../scripts/no-request-context.mjs';
import { projectFolder } from '../support/built-server.ts';

const path = join(projectFolder, 'node_modules/@sveltejs/kit/src/exports/internal/event.js');
const code = readFileSync(path, 'utf8');

function transformed(text: string, id: string): string | null {
	const { transform } = noRequestContext();
	if (typeof transform !== 'function') throw new Error('The plugin transforms nothing.');
	const result: unknown = Reflect.apply(transform, null, [text, id]);
	return typeof result === 'object' && result !== null && 'code' in result ? String(result.code) : null;
}

describe('the storage of requests', () => {
	it('is not asked for in the SvelteKit that is installed', () => {
		const changed = transformed(code, path) ?? '';
		expect(code).toContain("import('node:async_hooks')");
		expect(changed).not.toContain("import('node:async_hooks')");
		expect(changed).toContain('export function with_request_store');
	});

	it('stops the build when SvelteKit asks for it in another way', () => {
		expect(() => transformed('export const als = null;', path)).toThrow('another way');
	});

	it('is left alone everywhere else', () => {
		expect(transformed(code, join(projectFolder, 'src/hooks.server.ts'))).toBeNull();
	});

	it('is missed by nothing here: no page and no route asks for the request after an await', () => {
		const names = readdirSync(join(projectFolder, 'src'), { recursive: true, encoding: 'utf8' });
		const sources = names.filter((name) => /\.(ts|svelte)$/.test(name));
		const asks = (name: string) =>
			/getRequestEvent|\.remote\b/.test(readFileSync(join(projectFolder, 'src', name), 'utf8'));
		expect(sources.length).toBeGreaterThan(100);
		expect(sources.filter((name) => name.includes('.remote.') || asks(name))).toEqual([]);
	});
});

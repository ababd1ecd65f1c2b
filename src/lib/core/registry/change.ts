// What a new registry file would change: which providers, tiers, experiments and settings come, go, or are other ones.
import type { ModelsConfig } from '#lib/core/registry/config.ts';
import type { ConfigChange } from '#lib/core/registry/view.ts';

const groups = ['providers', 'tiers', 'aliases', 'experiments'] as const;
const settings = ['name', 'defaults', 'rollout', 'autoTier', 'performanceTracking', 'runtimes'] as const;

/** The same value always gives the same text, in whatever order its fields were written. */
function written(value: unknown): string {
	return JSON.stringify(value, (_, inner: unknown) =>
		typeof inner === 'object' && inner !== null && !Array.isArray(inner)
			? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
			: inner,
	);
}

function groupChanges(group: string, before: object, after: object): ConfigChange[] {
	const old = new Map<string, unknown>(Object.entries(before));
	const next = new Map<string, unknown>(Object.entries(after));
	const names = [...new Set([...old.keys(), ...next.keys()])];
	return names.flatMap((name): ConfigChange[] => {
		const path = `${group}.${name}`;
		if (!next.has(name)) return [{ kind: 'removed', path }];
		if (!old.has(name)) return [{ kind: 'added', path }];
		return written(old.get(name)) === written(next.get(name)) ? [] : [{ kind: 'changed', path }];
	});
}

/** The differences between two registry files, in the order of the file. A file that only looks different has none. */
export function configChanges(before: ModelsConfig, after: ModelsConfig): ConfigChange[] {
	return [
		...groups.flatMap((group) => groupChanges(group, before[group], after[group])),
		...settings.flatMap((path): ConfigChange[] =>
			written(before[path]) === written(after[path]) ? [] : [{ kind: 'changed', path }],
		),
	];
}

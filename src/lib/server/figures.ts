// What monitors are told of the parts: the catalog, the database, the Hub and discovery, looked up when they ask.
import { statSync } from 'node:fs';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Hub } from '#lib/server/hub.ts';
import type { Figure, Sample } from '#lib/server/metrics.ts';
import type { Telemetry } from '#lib/server/telemetry.ts';

interface Parts {
	version: string;
	/** Path of the database's file. */
	databasePath: string;
	catalog: Pick<Catalog, 'counts'>;
	hub: Pick<Hub, 'online' | 'budget' | 'requests'>;
	telemetry: Pick<Telemetry, 'report'>;
}

function sizeOf(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function one(name: string, type: Figure['type'], help: string, ...samples: Sample[]): Figure {
	return { name, type, help, samples };
}

/** The figures, as of now. */
export function figuresOf({ version, databasePath, catalog, hub, telemetry }: Parts): Figure[] {
	const { mine, catalog: listed } = catalog.counts();
	const budget = Object.entries(hub.budget());
	const perBucket = (read: (one: (typeof budget)[number][1]) => number | null): Sample[] =>
		budget.flatMap(([bucket, row]) => {
			const value = read(row);
			return value === null ? [] : [{ labels: { bucket }, value }];
		});
	const files = { main: databasePath, wal: `${databasePath}-wal` };
	const { all } = telemetry.report().windows;
	return [
		one('modeldex_info', 'gauge', 'This version.', { labels: { version }, value: 1 }),
		one('modeldex_models', 'gauge', 'Models that are known.', { labels: { source: 'catalog' }, value: listed }),
		one('modeldex_local_models', 'gauge', 'Models on this machine.', { value: mine }),
		one(
			'modeldex_database_bytes',
			'gauge',
			'Size of the database on disk.',
			...Object.entries(files).map(([file, path]) => ({ labels: { file }, value: sizeOf(path) })),
		),
		one(
			'modeldex_hub_requests_total',
			'counter',
			'Requests to the Hub by limit and outcome.',
			...hub.requests().map(({ bucket, outcome, count }) => ({ labels: { bucket, outcome }, value: count })),
		),
		...(hub.online === null
			? []
			: [
					one('modeldex_hub_online', 'gauge', '1 when the last attempt reached the Hub.', {
						value: hub.online ? 1 : 0,
					}),
				]),
		one(
			'modeldex_hub_budget_remaining',
			'gauge',
			'Requests left until the Hub opens its next window.',
			...perBucket(({ remaining }) => remaining),
		),
		one(
			'modeldex_hub_budget_quota',
			'gauge',
			'Requests the Hub allows per window.',
			...perBucket(({ quota }) => quota),
		),
		one(
			'modeldex_hub_budget_reset_seconds',
			'gauge',
			'Seconds until the next window.',
			...perBucket(({ resets_in_seconds }) => resets_in_seconds),
		),
		one('modeldex_discovery_runs_total', 'counter', 'Discoveries that ended, since the first.', { value: all.runs }),
		one(
			'modeldex_discovery_reads_total',
			'counter',
			'Configurations read by discoveries, by answer.',
			...all.fetches.map(({ name, count }) => ({ labels: { answer: name }, value: count })),
		),
	];
}

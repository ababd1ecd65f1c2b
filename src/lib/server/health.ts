// What the process says of itself to monitors and to its own pages: ready or not, and how fresh what it knows is.
import type { Catalog } from '#lib/server/catalog.ts';
import type { TokenState } from '#lib/server/hub-failure.ts';
import type { Hub } from '#lib/server/hub.ts';
import type { BucketBudget } from '#lib/server/rate-gate.ts';
import type { CatalogRefresh, RefreshProgress } from '#lib/server/refresh.ts';

/** The Hub as this process knows it. `online` is null before the first attempt; the endpoint carries no credentials. */
export interface HubHealth {
	endpoint: string;
	online: boolean | null;
	/** True when HF_HUB_OFFLINE forbids every request. */
	offline: boolean;
	token: TokenState;
	/** What is left of the request limits, per bucket. */
	budget: Record<string, BucketBudget>;
	refresh: RefreshProgress;
}

/** Answer of `GET /api/health`. `updated_at` is when the catalog's rows were last refreshed (ISO), null when never. */
export interface Health {
	status: 'starting' | 'ok';
	version: string;
	catalog: { models: number; updated_at: string | null };
	hub: HubHealth;
}

/** An address for people: without a user name or password that it may carry. */
export function publicAddress(endpoint: string): string {
	const url = new URL(endpoint);
	return (url.origin + url.pathname).replace(/\/$/, '');
}

interface Parts {
	version: string;
	endpoint: string;
	catalog: Pick<Catalog, 'counts' | 'updatedAt'>;
	hub: Hub;
	refresh: CatalogRefresh;
}

/** The state of a process that has started. */
export function healthOf({ version, endpoint, catalog, hub, refresh }: Parts): Health {
	return {
		status: 'ok',
		version,
		catalog: { models: catalog.counts().catalog, updated_at: catalog.updatedAt },
		hub: {
			endpoint: publicAddress(endpoint),
			online: hub.online,
			offline: hub.offline,
			token: hub.tokenState,
			budget: hub.budget(),
			refresh: refresh.progress,
		},
	};
}

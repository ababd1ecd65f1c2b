// Every page one can go to without naming a model: rows of the head of the site and of the palette.

/** A page by its address. `words` are what else people call it, for the palette's search. */
export interface PageRow {
	href: string;
	name: string;
	words: string;
	/** Does it stand in the head of every page, too? */
	inHead: boolean;
}

export const pages: readonly PageRow[] = [
	{ href: '/models', name: 'Models', words: 'list catalog home search', inHead: true },
	{ href: '/models?source=mine', name: 'Models on this machine', words: 'my local library', inHead: false },
	{ href: '/discover', name: 'Discover', words: 'scan hub chat models live', inHead: true },
	{ href: '/classify', name: 'Classify', words: 'label lab sort texts files categories calibrate', inHead: true },
	{ href: '/downloads', name: 'Downloads', words: 'queue transfers fetch get', inHead: false },
	{
		href: '/local',
		name: 'Copies on this machine',
		words: 'local disk space duplicates remove folders inventory',
		inHead: false,
	},
	{ href: '/compare', name: 'Compare', words: 'side by side', inHead: false },
	{ href: '/registry', name: 'Registry', words: 'providers tiers routes gateway keys yaml v1 cost', inHead: true },
	{ href: '/telemetry', name: 'Activity', words: 'telemetry counts runs features flags', inHead: true },
	{ href: '/settings', name: 'Settings', words: 'preferences options token folders export import', inHead: false },
	{ href: '/about', name: 'About', words: 'version licences licenses help', inHead: false },
];

// Every page one can go to without naming a model: rows of the head of the site, of its menu and of the palette.

/** A page by its address. */
export interface PageRow {
	href: string;
	name: string;
	/** Does it stand in the head of every page, too? */
	inHead: boolean;
}

export const pages: readonly PageRow[] = [
	{ href: '/models', name: 'Models', inHead: true },
	{ href: '/models?source=mine', name: 'My models', inHead: false },
	{ href: '/discover', name: 'Discover', inHead: true },
	{ href: '/classify', name: 'Classify', inHead: true },
	{ href: '/downloads', name: 'Downloads', inHead: false },
	{ href: '/local', name: 'On this machine', inHead: false },
	{ href: '/compare', name: 'Compare', inHead: false },
	{ href: '/registry', name: 'Registry', inHead: true },
	{ href: '/telemetry', name: 'Activity', inHead: true },
	{ href: '/settings', name: 'Settings', inHead: false },
	{ href: '/about', name: 'About', inHead: false },
];

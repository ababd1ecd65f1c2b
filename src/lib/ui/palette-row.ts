// One row of the palette as it is drawn: what it says, where it leads or what it does.

export interface PaletteRow {
	/** Unique among all rows. */
	id: string;
	/** Heading of the rows it stands with. */
	group: string;
	title: string;
	/** Quiet words at the end of the row. */
	detail?: string;
	/** Is the title the name of a thing and not words? */
	isName?: boolean;
	/** Is this what holds now? */
	isCurrent?: boolean;
	/** How it is done without the palette. */
	keys?: readonly string[];
	/** Where it leads; without one it does something. */
	href?: string;
	run?(): unknown;
}

/** Rows under their headings, both in the order they came. */
export function grouped(rows: readonly PaletteRow[]): { name: string; rows: PaletteRow[] }[] {
	const groups = new Map<string, PaletteRow[]>();
	for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
	return [...groups].map(([name, members]) => ({ name, rows: members }));
}

// The columns of the table of models: their titles, what they sort by, and from which width of the window on they are shown.
import type { SortKey } from '#lib/core/query.ts';

/** One column. `sort` null: the list cannot be sorted by it. `look`: the classes of its cells. */
interface Column {
	name: ColumnName;
	label: string;
	sort: SortKey | null;
	look: string;
}

export type ColumnName =
	| 'model'
	| 'architecture'
	| 'parameters'
	| 'context'
	| 'quantization'
	| 'fit'
	| 'runtime'
	| 'modality'
	| 'license'
	| 'likes'
	| 'downloads'
	| 'updated';

const all: readonly Column[] = [
	{ name: 'model', label: 'Model', sort: 'name', look: 'w-full text-left' },
	{ name: 'architecture', label: 'Architecture', sort: null, look: 'hidden min-[720px]:table-cell text-left' },
	{ name: 'parameters', label: 'Parameters', sort: 'params', look: 'hidden min-[480px]:table-cell text-right' },
	{ name: 'context', label: 'Context', sort: 'context', look: 'hidden min-[600px]:table-cell text-right' },
	{ name: 'quantization', label: 'Quantization', sort: null, look: 'hidden min-[1000px]:table-cell text-left' },
	{ name: 'fit', label: 'Fit', sort: null, look: 'text-left' },
	{ name: 'runtime', label: 'Runtime', sort: null, look: 'hidden min-[860px]:table-cell text-left' },
	{ name: 'modality', label: 'Takes in', sort: null, look: 'hidden min-[1500px]:table-cell text-left' },
	{ name: 'license', label: 'Licence', sort: null, look: 'hidden min-[1360px]:table-cell text-left' },
	{ name: 'likes', label: 'Likes', sort: 'likes', look: 'hidden min-[1200px]:table-cell text-right' },
	{ name: 'downloads', label: 'Downloads', sort: 'downloads', look: 'hidden min-[720px]:table-cell text-right' },
	{ name: 'updated', label: 'Updated', sort: 'updated', look: 'hidden min-[1000px]:table-cell text-right' },
];

/** The columns of a list; the one about the runtime only where rows carry its verdict. */
export function tableColumns({ hasRuntime }: { hasRuntime: boolean }): readonly Column[] {
	return hasRuntime ? all : all.filter(({ name }) => name !== 'runtime');
}

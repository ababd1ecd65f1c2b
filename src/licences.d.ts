// The form of the import that carries the licences of everything shipped (scripts/licences.mjs).
declare module 'virtual:licences' {
	/** One package. `text` null: it comes without one. */
	interface Licence {
		name: string;
		version: string;
		licence: string;
		homepage: string | null;
		text: string | null;
	}
	const licences: readonly Licence[];
	export default licences;
}

// The form of an import that carries an icon's drawing as the data of one path (scripts/icon-outline.mjs).
declare module '*?outline' {
	const outline: string;
	export default outline;
}

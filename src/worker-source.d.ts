// The form of an import that carries a worker's whole program as text (scripts/worker-source.mjs).
declare module '*?worker-source' {
	const source: string;
	export default source;
}

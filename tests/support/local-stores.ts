// Writes folders of models as other tools leave them: Ollama, LM Studio, llama.cpp, downloads into a folder.
import { createHash } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex');

/** Long enough ago that nothing takes it for being written. */
const longAgo = new Date(Date.now() - 3_600_000);

/** Writes a file with its folders, an hour old. */
export function put(path: string, text: string | Uint8Array): string {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
	utimesSync(path, longAgo, longAgo);
	return path;
}

/** Bytes of a size that duplicates are looked for at, all of one letter. */
export function large(letter: string, bytes = 1_200_000): Buffer {
	return Buffer.alloc(bytes, letter);
}

interface OllamaModel {
	/** `host/namespace/model/tag`. */
	address: string;
	weights: string | Uint8Array;
	config?: Record<string, unknown>;
	/** Other layers by their kind. */
	layers?: Record<string, string>;
	/** Is the blob of the weights left out? */
	gone?: boolean;
}

/** Adds a model to an Ollama folder; gives the path of its manifest. */
export function ollamaModel(
	root: string,
	{ address, weights, config, layers = {}, gone = false }: OllamaModel,
): string {
	const blob = (kind: string, body: string | Uint8Array, isWritten = true) => {
		const digest = sha256(body);
		if (isWritten) put(join(root, 'blobs', `sha256-${digest}`), body);
		const mediaType = `application/vnd.ollama.image.${kind}`;
		return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(body) };
	};
	const settings = JSON.stringify({ model_format: 'gguf', model_family: 'llama', ...config });
	const manifest = {
		schemaVersion: 2,
		mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
		config: { ...blob('config', settings), mediaType: 'application/vnd.docker.container.image.v1+json' },
		layers: [blob('model', weights, !gone), ...Object.entries(layers).map(([kind, body]) => blob(kind, body))],
	};
	return put(join(root, 'manifests', ...address.split('/')), JSON.stringify(manifest));
}

/** A file of llama.cpp's own cache with the notes beside it. */
export function llamaFile(
	root: string,
	{ repo, file, body }: { repo: string; file: string; body: Uint8Array },
): string {
	const place = put(join(root, `${repo.replace('/', '_')}_${file}`), body);
	const url = `https://huggingface.co/${repo}/resolve/main/${file}`;
	put(`${place}.json`, JSON.stringify({ url, etag: `"${sha256(body)}"`, lastModified: '' }));
	return place;
}

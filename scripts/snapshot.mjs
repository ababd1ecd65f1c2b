// Builds the shipped snapshot of models from lists of facts: one line per model, every fact with the source it is from.
//
//   node scripts/snapshot.mjs --facts <list.jsonl> --published <list.jsonl> --corpus <folder> --gathered <YYYY-MM>
//                             --out src/lib/server/snapshot/models.jsonl
//
// --facts      one JSON object per model: id, as_of, source, and what that source knows (see `ofRecentList`, `ofOldList`)
// --published  one JSON object per model: id, published and stored parameter counts, sometimes its configuration
// --corpus     a folder with INDEX.jsonl and copies of configuration files; only figures are taken over, never a file
// --gathered   month in which the copies and the published figures were gathered
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';
import { root, stop } from './setup.mjs';

/**
 * @typedef {Record<string, string | number | boolean | string[] | null | undefined>} Facts
 * @typedef {{ name: string, date: string, about: string }} Source
 * @typedef {{ id: string, source: Source, trust: number, facts: Facts }} Claim
 */

/** The order in which a model's facts stand in its line; the reader takes it from the first line. */
const fields = [
	'model_type',
	'architectures',
	'num_hidden_layers',
	'hidden_size',
	'num_attention_heads',
	'vocab_size',
	'intermediate_size',
	'stored_elements',
	'downloads',
	'context_window',
	'num_key_value_heads',
	'head_dim',
	'num_experts',
	'num_experts_per_token',
	'pipeline_tag',
	'likes',
	'created_at',
	'published_active',
	'quantization_method',
	'quantization_bits',
	'quantization_group_size',
	'dtype',
	'multimodal',
	'max_position_embeddings',
	'sliding_window',
	'counted_total',
	'counted_active',
	'kv_cache_bytes_per_token',
	'kv_cache_fixed_bytes',
	'published_total',
	'weights_bytes',
	'weights_band',
	'vision_bytes',
	'active_bytes',
	'kv_bytes_per_token',
	'kv_window_bytes_per_token',
	'kv_window_tokens',
	'kv_state_bytes',
];

/**
 * Which source wins when two tell the same fact. Copies of a configuration file stand above lists made from it; a copy
 * whose fields may have been edited stands below them and is believed for names only.
 */
const trustByFidelity = /** @type {[RegExp, number][]} */ ([
	[/^two or more independent copies/, 60],
	[/^verbatim copy/, 50],
	[/^values as read/, 45],
	[/^copied by a tool maker/, 40],
	[/^vendor copy/, 10],
]);
const trusted = { storedConfig: 38, published: 35, recentList: 30, oldList: 20 };

const { values: args } = parseArgs({
	options: {
		facts: { type: 'string' },
		published: { type: 'string' },
		corpus: { type: 'string' },
		gathered: { type: 'string' },
		out: { type: 'string' },
	},
});

/** @param {'facts' | 'published' | 'corpus' | 'gathered' | 'out'} name */
function needed(name) {
	return args[name] ?? stop(`--${name} is missing; see the first lines of scripts/snapshot.mjs.`);
}

/** @param {string} path @returns {any[]} */
function lines(path) {
	return readFileSync(path, 'utf8')
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line));
}

const { module: core } = await runnerImport(join(root, 'src/lib/core/characteristics.ts'), {
	configFile: false,
	root,
	logLevel: 'error',
});
const { normalize } = /** @type {typeof import('../src/lib/core/characteristics.ts')} */ (core);

/** @param {import('../src/lib/core/model.ts').FitFacts} fit @returns {Facts} */
function weightsOf({ weights_bytes, weights_band, vision_bytes, active_bytes }) {
	return { weights_bytes, weights_band, vision_bytes, active_bytes };
}

/** @param {import('../src/lib/core/model.ts').FitFacts} fit @returns {Facts} */
function cacheOf({ kv_bytes_per_token, kv_window_bytes_per_token, kv_window_tokens, kv_state_bytes }) {
	return { kv_bytes_per_token, kv_window_bytes_per_token, kv_window_tokens, kv_state_bytes };
}

/**
 * What a configuration tells, read by the very code that reads it in the app. `whole` false: keys may have been left
 * out, so that nothing follows from their absence.
 * @param {string} id @param {string} text @param {boolean} whole @returns {Facts}
 */
function ofConfig(id, text, whole) {
	const configFile = 'config.json';
	const c = normalize({
		id,
		source: 'snapshot',
		revision: null,
		fetchedAt: '',
		config: text,
		configFile,
		configPartial: !whole,
	});
	if (c.config_status !== 'ok') return {};
	/** @param {string} field @param {Facts[string]} value */
	const told = (field, value) => (c.evidence[field]?.file === configFile ? value : null);
	// A total that leaves a tower out is none: the rule says which.
	const byShape = c.parameters.source === 'config' && !/not counted/.test(c.evidence.parameters?.rule ?? '');
	const multimodal = c.multimodal_type ?? (whole && c.evidence.is_multimodal?.path !== '' ? 'none' : null);
	return {
		model_type: c.model_type,
		architectures: c.architectures,
		num_hidden_layers: c.num_hidden_layers,
		hidden_size: c.hidden_size,
		num_attention_heads: c.num_attention_heads,
		vocab_size: c.vocab_size,
		intermediate_size: c.intermediate_size,
		context_window: c.context_window,
		max_position_embeddings: c.max_position_embeddings,
		sliding_window: c.sliding_window,
		num_key_value_heads: c.num_key_value_heads,
		head_dim: c.head_dim,
		num_experts: c.num_experts,
		num_experts_per_token: c.num_experts_per_token,
		quantization_method: told('quantization_method', c.quantization_method),
		quantization_bits: told('quantization_bits', c.quantization_bits),
		quantization_group_size: told('quantization_group_size', c.quantization_group_size),
		dtype: c.dtype,
		multimodal: told('is_multimodal', multimodal),
		counted_total: byShape ? c.parameters.total : null,
		counted_active: byShape ? c.parameters.active : null,
		kv_cache_bytes_per_token: c.kv_cache_bytes_per_token,
		kv_cache_fixed_bytes: c.kv_cache_fixed_bytes,
		...(byShape && c.fit !== null && c.fit.weights_bytes !== null ? weightsOf(c.fit) : {}),
		...(c.fit === null ? {} : cacheOf(c.fit)),
	};
}

/** Above this the recent list's contexts are mostly `max_position_embeddings` times a factor it already holds. */
const believableContext = 262_144;

/** The recent list's guess for experts whose active parameters nobody published: 5 % are shared, the rest divided. */
function guessedActive(/** @type {any} */ row) {
	const shared = Math.floor(row.parameters_total * 0.05);
	return shared + row.num_experts_per_token * Math.floor((row.parameters_total - shared) / row.num_experts);
}

/** Words of a repository's name that say that its weights are quantized. */
const quantizedName =
	/(?:^|[-_.])(?:\d(?:\.\d+)?-?bits?|int[48]|w[48]a\d+|(?:nv|mx)?fp[48]|bnb|gptq|awq|mlx|dwq|hqq|aqlm|exl[23]|quantized|autoround|q\d|oq\d)/i;

/**
 * A row of the list of 2026 (llmfit, scripts/scrape_hf_models.py). What its makers' script fills in where the
 * configuration is silent is left out: key-value heads equal to the attention heads, a head size that is a quotient,
 * active parameters by rule of thumb, contexts multiplied by a rope factor that they already hold. Of quantized copies
 * its totals are estimates (0.03 to 1.8 times the original's), so they are left out too. Rows without downloads were
 * typed in by hand, some of them wrong: only their task is kept.
 * @param {any} row @returns {Facts}
 */
function ofRecentList(row) {
	if (row.downloads === undefined) return { pipeline_tag: row.pipeline_tag };
	const isRead = row.num_hidden_layers !== undefined;
	const heads = row.num_attention_heads;
	const quotient = heads === undefined ? undefined : Math.floor(row.hidden_size / heads);
	const format = row.format === 'autoround' ? 'auto-round' : row.format;
	const isNamed = format !== undefined && row.id.toLowerCase().includes(row.format);
	const isQuantized = format !== undefined || quantizedName.test(row.id.slice(row.id.indexOf('/') + 1));
	const isGuess = row.num_experts !== undefined && Math.abs(row.parameters_active - guessedActive(row)) <= 1;
	return {
		model_type: row.model_type,
		num_hidden_layers: row.num_hidden_layers,
		hidden_size: row.hidden_size,
		num_attention_heads: heads,
		vocab_size: row.vocab_size,
		num_key_value_heads: row.num_key_value_heads === heads ? null : row.num_key_value_heads,
		head_dim: row.head_dim === quotient ? null : row.head_dim,
		context_window: row.context <= believableContext ? row.context : null,
		num_experts: isRead ? row.num_experts : null,
		num_experts_per_token: isRead ? row.num_experts_per_token : null,
		stored_elements: isQuantized ? null : row.parameters_total,
		published_active: isGuess ? null : row.parameters_active,
		quantization_method: isNamed ? null : format,
		downloads: row.downloads,
		likes: row.likes,
		created_at: row.created,
		pipeline_tag: row.pipeline_tag,
	};
}

/**
 * A row of the list of 2023 (gpu_poor): a few keys of the configuration as they stand there. Key-value heads and head
 * sizes are not among them, so none are concluded.
 * @param {any} row @returns {Facts}
 */
function ofOldList(row) {
	const read = ofConfig(row.id, JSON.stringify(row.config), false);
	return { ...read, num_key_value_heads: null, head_dim: null };
}

/** @returns {Claim[]} */
function fromLists() {
	return lines(needed('facts')).map((row) => {
		const [name, about = ''] = row.source.split(/(?:: |, )/);
		const source = { name, date: row.as_of, about };
		const isOld = row.config !== undefined;
		const trust = isOld ? trusted.oldList : trusted.recentList;
		return { id: row.id, source, trust, facts: isOld ? ofOldList(row) : ofRecentList(row) };
	});
}

/** @returns {Claim[]} */
function fromPublished() {
	const date = needed('gathered');
	return lines(needed('published')).flatMap((row) => {
		const source = { name: row.source, date, about: 'published parameter counts' };
		const facts = {
			stored_elements: row.hub_total,
			published_total: row.published_total_params,
			published_active: row.published_active_params,
		};
		const published = { id: row.id, source, trust: trusted.published, facts };
		if (row.config_provenance !== 'stored config.json') return [published];
		const about = 'config.json, stored beside its published figures';
		const stored = { name: `config.json of ${row.id}`, date, about };
		const read = ofConfig(row.id, JSON.stringify(row.config), true);
		return [published, { id: row.id, source: stored, trust: trusted.storedConfig, facts: read }];
	});
}

/** @returns {Claim[]} */
function fromCorpus() {
	const folder = needed('corpus');
	const date = needed('gathered');
	return lines(join(folder, 'INDEX.jsonl')).map((row) => {
		const commit = row.source_commit === null ? '' : `@${row.source_commit.slice(0, 12)}`;
		const source = { name: `${row.source_repo}${commit}`, date, about: `config.json, ${row.fidelity}` };
		const trust = trustByFidelity.find(([pattern]) => pattern.test(row.fidelity))?.[1] ?? 0;
		if (row.kind !== 'config.json') return { id: row.id, source, trust: 0, facts: {} };
		const isWhole = !/shortened|edited/.test(row.fidelity);
		const read = ofConfig(row.id, readFileSync(join(folder, row.file), 'utf8'), isWhole);
		const { model_type, architectures } = read;
		return { id: row.id, source, trust, facts: /edited/.test(row.fidelity) ? { model_type, architectures } : read };
	});
}

/** @param {Facts[string]} value */
function isKnown(value) {
	return value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);
}

/**
 * Each fact once, from the most trusted claim that has it; a model nobody tells anything about keeps its first source.
 * @param {Claim[]} claims @returns {[Source, Facts][]}
 */
function merged(claims) {
	const ranked = claims.toSorted((a, b) => b.trust - a.trust);
	const taken = new Set();
	const parts = ranked.map(({ source, facts }) => {
		const own = Object.entries(facts).filter(([name, value]) => isKnown(value) && !taken.has(name));
		for (const [name] of own) taken.add(name);
		return /** @type {[Source, Facts]} */ ([source, Object.fromEntries(own)]);
	});
	const telling = parts.filter(([, facts]) => Object.keys(facts).length > 0);
	return telling.length > 0 ? telling : parts.slice(0, 1);
}

/** @param {number} source @param {Facts} facts */
function part(source, facts) {
	const values = fields.map((name) => facts[name] ?? null);
	while (values.at(-1) === null) values.pop();
	return [source, ...values];
}

/** @type {Map<string, Claim[]>} */
const models = new Map();
for (const claim of [...fromLists(), ...fromPublished(), ...fromCorpus()]) {
	models.set(claim.id, [...(models.get(claim.id) ?? []), claim]);
}
/** @type {Map<string, { index: number, source: Source }>} */
const sources = new Map();
/** @param {Source} source */
function indexOf(source) {
	const key = JSON.stringify(source);
	const known = sources.get(key) ?? { index: sources.size, source };
	sources.set(key, known);
	return known.index;
}
const ids = [...models.keys()].sort();
const body = ids.map((id) => {
	const parts = merged(models.get(id) ?? []).map(([source, facts]) => part(indexOf(source), facts));
	return JSON.stringify([id, ...parts]);
});
const table = [...sources.values()].map(({ source }) => [source.name, source.date, source.about]);
const version = createHash('sha256')
	.update(JSON.stringify([fields, table, body]))
	.digest('hex')
	.slice(0, 12);
const text = `${[JSON.stringify({ format: 1, version, models: ids.length, fields, sources: table }), ...body].join('\n')}\n`;
writeFileSync(needed('out'), text);
process.stdout.write(`${ids.length} models from ${table.length} sources, ${text.length} bytes, version ${version}\n`);

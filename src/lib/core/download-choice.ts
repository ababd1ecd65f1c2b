// Which files an order means: those that are loaded together as the model, or those that its patterns name.
import { Failure } from '#lib/core/failure.ts';
import { isPattern, matchesPattern } from '#lib/core/file-pattern.ts';
import { fileKind, isPickle, shardOf, weightSets } from '#lib/core/files.ts';
import type { ModelFile } from '#lib/core/model.ts';
import { quoted } from '#lib/core/repository.ts';
import { chooseFiles, type ChosenFiles } from '#lib/core/weight-files.ts';
import type { DownloadOrder } from '#lib/core/download.ts';
import type { WeightOffer } from '#lib/core/download-plan.ts';

/** What an order comes to. `quant` is the label of the GGUF file in it; null for others. */
export interface OrderedFiles {
	files: ModelFile[];
	quant: string | null;
}

type Wish = Pick<DownloadOrder, 'model_id' | 'files' | 'exclude' | 'quant' | 'allow_unsafe'>;

/** Folders with other forms of the same model, and what training left behind. */
const otherForms = /^(?:onnx|openvino|original|coreml|gguf|metal|tf|flax|runs|\.cache)\/|^checkpoint-\d+\//;
/** What a loader reads beside the weights; programs are never taken unasked, and nobody needs pictures. */
const companions = new Set(['config', 'tokenizer', 'template']);
const readings = /^(?:readme|licen[cs]e|notice|use_policy)[^/]*$/i;
const indexOf = /\.(safetensors|bin|msgpack|h5)\.index\.json$/i;

/** The Hub's own git file, which says nothing about the model. */
const isHousekeeping = (path: string) => path === '.gitattributes' || path === '.gitignore';

function named(files: readonly ModelFile[], { model_id, files: wanted }: Wish): ModelFile[] {
	for (const one of wanted) {
		if (files.some(({ path }) => path === one || (isPattern(one) && matchesPattern(path, one)))) continue;
		const what = isPattern(one) ? 'no file that matches' : 'no file';
		throw new Failure('not_found', `${model_id} has ${what} "${quoted(one)}".`);
	}
	return files.filter(({ path }) =>
		wanted.some((one) => path === one || (isPattern(one) && matchesPattern(path, one))),
	);
}

/** Does this index belong to the weights that were chosen, and not to another copy of them? */
function isForeignIndex(path: string, paths: ReadonlySet<string>): boolean {
	const extension = indexOf.exec(path)?.[1];
	if (extension === undefined) return false;
	const prefix = path.slice(0, -`.${extension}.index.json`.length);
	return ![...paths].some((other) => {
		const shard = shardOf(other);
		return shard !== null && `${shard.folder}${shard.prefix}` === prefix && shard.extension === extension;
	});
}

function isCompanion(path: string, chosen: ReadonlySet<string>): boolean {
	if (isHousekeeping(path) || otherForms.test(path) || isForeignIndex(path, chosen)) return false;
	if (/\.gguf$/i.test([...chosen][0] ?? ''))
		return !path.includes('/') && (readings.test(path) || path === 'config.json');
	return companions.has(fileKind(path)) || readings.test(path);
}

/** What there is where nothing is a model by itself: adapters, or a repository without weights. Null: broken weights. */
function whatThereIs(files: readonly ModelFile[]): ModelFile[] | null {
	const sets = weightSets(files).filter(({ name }) => !otherForms.test(name));
	const whole = sets.filter(({ missing, sizeBytes }) => missing === 0 && sizeBytes > 0);
	if (sets.length > 0 && whole.length === 0) return null;
	const safe = whole.filter(({ name }) => !isPickle(name));
	const paths = new Set((safe.length > 0 ? safe : whole).flatMap((set) => set.paths));
	return files.filter(({ path }) => paths.has(path) || isCompanion(path, paths));
}

function noWeights(files: readonly ModelFile[], { model_id, quant }: Wish): Failure {
	const labels = [...new Set(weightSets(files).flatMap((set) => (set.quant === null ? [] : [set.quant])))];
	if (quant !== null) {
		const offer = labels.length === 0 ? 'it has no GGUF files' : `it has ${labels.slice(0, 12).join(', ')}`;
		return new Failure('not_found', `${model_id} has no complete GGUF file "${quoted(quant)}": ${offer}.`);
	}
	const broken = weightSets(files).find(({ missing }) => missing > 0);
	const why = broken === undefined ? 'There are no whole weights' : `Parts of ${quoted(broken.name)} are missing`;
	return new Failure('not_found', `${why} in ${model_id}: name the files that are wanted.`);
}

/** Formats whose loaders run what the file says are taken only when that was allowed. */
function checkUnsafe(files: readonly ModelFile[], wish: Wish): void {
	if (wish.allow_unsafe) return;
	const pickle = files.find(({ path }) => isPickle(path));
	if (pickle === undefined) return;
	throw new Failure(
		'unsafe_format',
		`${quoted(pickle.path)} of ${wish.model_id} is in a format that can run code when it is loaded; allow that with --allow-unsafe (allow_unsafe) if you trust its authors.`,
	);
}

function chosenWith(files: readonly ModelFile[], chosen: Pick<ChosenFiles, 'paths'>): ModelFile[] {
	const paths = new Set(chosen.paths);
	return files.filter(({ path }) => paths.has(path) || isCompanion(path, paths));
}

function rest(files: readonly ModelFile[], wish: Wish): ModelFile[] {
	const found = wish.quant === null ? whatThereIs(files) : null;
	if (found === null) throw noWeights(files, wish);
	return found;
}

/**
 * The files of an order, in the order of the list. Without patterns: one format, one copy, one GGUF quantization with
 * all its parts and its projector, and what loaders read beside them. Throws `not_found` when there is nothing of the
 * kind and `unsafe_format` for pickles that were not allowed.
 */
export function orderedFiles(files: readonly ModelFile[], wish: Wish): OrderedFiles {
	const chosen = wish.files.length > 0 ? null : chooseFiles(files, wish.quant);
	const taken =
		wish.files.length > 0 ? named(files, wish) : chosen === null ? rest(files, wish) : chosenWith(files, chosen);
	const left = taken.filter(({ path }) => !wish.exclude.some((one) => path === one || matchesPattern(path, one)));
	if (left.length === 0) throw new Failure('not_found', `Nothing of ${wish.model_id} is left to download.`);
	checkUnsafe(left, wish);
	return { files: left, quant: chosen?.quant ?? null };
}

/** Most sets of weights that are offered: repositories with more hold checkpoints of a training. */
const mostOffers = 60;

/**
 * The whole sets of weights of a repository, largest first, each as an order would name it. One offer per GGUF label: the
 * others with the same one are those that an order by label does not mean. A projector comes with its model.
 */
export function offersOf(files: readonly ModelFile[]): WeightOffer[] {
	const seen = new Set<string>();
	const offers: WeightOffer[] = [];
	for (const { name, quant, sizeBytes, missing, role, paths } of weightSets(files)) {
		if (missing > 0 || sizeBytes === 0 || (role !== null && role !== 'model')) continue;
		if (quant !== null && seen.has(quant)) continue;
		if (quant !== null) seen.add(quant);
		const named = quant === null ? chosenWith(files, { paths }).map(({ path }) => path) : [];
		offers.push({ name, quant, bytes: sizeBytes, files: named });
		if (offers.length === mostOffers) break;
	}
	return offers;
}

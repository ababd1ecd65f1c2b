// Does this model fit that device: gathers what is known of its files, its layers and the device, and does the sum.
import { fit, type Fit, type FitSubject } from '#lib/core/fit.ts';
import type { FitQuestion } from '#lib/core/fit-question.ts';
import { borrowFit, fitOfFiles, knowsCache } from '#lib/core/fit-facts.ts';
import { mergeFit } from '#lib/core/fit-merge.ts';
import { formatDecimalBytes } from '#lib/core/format.ts';
import { Failure } from '#lib/core/failure.ts';
import type { Device } from '#lib/core/hardware.ts';
import type { FitFacts, ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import { plainSentence } from '#lib/core/plain-weights.ts';
import { quantizedFrom } from '#lib/core/packing.ts';
import { quoted } from '#lib/core/repository.ts';
import { chooseFiles, type ChosenFiles } from '#lib/core/weight-files.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Configs } from '#lib/server/configs.ts';
import type { DetailParts, Details } from '#lib/server/details.ts';
import type { FileList } from '#lib/server/file-lists.ts';
import type { Hardware } from '#lib/server/hardware.ts';

interface FitsOptions {
	details: Pick<Details, 'record' | 'facts'>;
	configs: Pick<Configs, 'read'>;
	catalog: Pick<Catalog, 'entry' | 'learn' | 'runtimes'>;
	hardware: Pick<Hardware, 'device'>;
}

/** The answer with the model and device it is about. */
export interface FitAnswer {
	id: string;
	device: Device;
	fit: Fit;
}

const places: Record<FileList['source'], string> = {
	hub: 'as the Hub lists them',
	cache: 'as the Hub lists them',
	local: 'on this machine',
};

function filesBasis({ name, parts, quant }: ChosenFiles, { source }: FileList): string {
	const what = parts > 1 ? `${parts} folders of a pipeline` : name;
	return `Bytes of the files (${what}${quant === null ? '' : `, ${quant}`}), ${places[source]}.`;
}

/** Answers with real file sizes where a list of files is at hand, else with the estimate. */
export class Fits {
	readonly #options: FitsOptions;

	constructor(options: FitsOptions) {
		this.#options = options;
	}

	/**
	 * The sum for one model. Throws for ids and devices that are none and for models nobody knows; what cannot be read of
	 * a known model is an unknown term, not a failure.
	 */
	async read(id: string, question: FitQuestion & { signal?: AbortSignal | undefined }): Promise<FitAnswer> {
		const { details, hardware } = this.#options;
		const { signal, quant } = question;
		const device = await hardware.device(question.device);
		const record = await details.record(id, { signal });
		const parts = details.facts(record, { signal });
		const [characteristics, files] = await Promise.all([parts.characteristics, parts.files]);
		const subject = await this.#subject(record, { read: characteristics.value, list: files.value, quant, signal });
		const { context: contextTokens, cacheBits, slots, runtime } = question;
		const { runtimes } = this.#options.catalog;
		const place = { device, contextTokens, cacheBits, slots, runtime, runtimes };
		return { id: record.id, device, fit: fit(subject, place) };
	}

	/** What is known of the memory of a model whose parts are being read, for sums at any context and on any device. */
	async subject(record: ModelRecord, parts: Omit<DetailParts, 'card'>, signal?: AbortSignal): Promise<FitSubject> {
		const [characteristics, files] = await Promise.all([parts.characteristics, parts.files]);
		return this.#subject(record, { read: characteristics.value, list: files.value, quant: null, signal });
	}

	/** The sums of one model for several runtimes on the current device, in their order; what they rest on is read once. */
	async readEach(id: string, names: readonly string[], signal?: AbortSignal): Promise<Fit[]> {
		const { catalog, details, hardware } = this.#options;
		const { runtimes } = catalog;
		const device = await hardware.device(null);
		const record = await details.record(id, { signal });
		const subject = await this.subject(record, details.facts(record, { signal }), signal);
		return names.map((runtime) => fit(subject, { device, runtime, runtimes }));
	}

	async #subject(record: ModelRecord, { read, list, quant, signal }: Gathered): Promise<FitSubject> {
		const chosen = list === null ? null : chooseFiles(list.files, quant);
		if (quant !== null && chosen === null) throw notOffered(record.id, quant);
		const own = this.#own(record, read);
		const base = knowsCache(own) ? null : await this.#base(record, signal);
		const joined = borrowFit(own, base?.facts ?? null);
		const cache = base === null ? read?.evidence['kv_cache_bytes_per_token']?.rule : `Layers of ${base.id}.`;
		const facts = chosen === null ? joined : fitOfFiles(joined, chosen);
		const weights = plainBasis(record, read, facts) ?? weightsBasis(read, chosen, list);
		return {
			facts,
			context_window: read?.context_window ?? record.context_window ?? base?.context ?? null,
			basis: { ...weights, ...(cache === undefined ? {} : { cache }) },
		};
	}

	/** What is known of the model itself. A configuration may have been read before the model had a row: it learns now. */
	#own(record: ModelRecord, read: ModelCharacteristics | null): FitFacts | null {
		if (read === null) return record.fit;
		if (knowsCache(read.fit) && !knowsCache(record.fit)) this.#options.catalog.learn(record.id, read);
		return mergeFit(read.fit, record.fit);
	}

	/** The layers of the model that this one was quantized from; null when none is told or known. */
	async #base(record: ModelRecord, signal: AbortSignal | undefined): Promise<Base | null> {
		for (const id of quantizedFrom(record).slice(0, 2)) {
			const known = this.#options.catalog.entry(id);
			if (known !== null && knowsCache(known.fit)) return { id, facts: known.fit, context: known.context_window };
			const read = await this.#read(id, signal);
			if (read !== null && knowsCache(read.fit)) return { id, facts: read.fit, context: read.context_window };
		}
		return null;
	}

	async #read(id: string, signal: AbortSignal | undefined): Promise<ModelCharacteristics | null> {
		try {
			return await this.#options.configs.read(id, { signal });
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			return null; // gated, gone or out of reach: the cache stays unknown, and the answer says so
		}
	}
}

interface Gathered {
	read: ModelCharacteristics | null;
	list: FileList | null;
	quant: string | null;
	signal: AbortSignal | undefined;
}

interface Base {
	id: string;
	facts: FitFacts;
	context: number | null;
}

/** Where the weights are from, and the towers among them. */
function weightsBasis(read: ModelCharacteristics | null, chosen: ChosenFiles | null, list: FileList | null): Basis {
	const rule = read?.fit?.weights_bytes == null ? undefined : read.evidence['fit']?.rule;
	if (chosen === null || list === null) return rule === undefined ? {} : { weights: rule, vision: ofWhole };
	const projector = `The projector file, ${formatDecimalBytes(chosen.projectorBytes)}.`;
	return { weights: filesBasis(chosen, list), vision: chosen.projectorBytes > 0 ? projector : ofWhole };
}

/** What the weights would be in 16 bits, where that is all that can be said of them; null otherwise. */
function plainBasis(record: ModelRecord, read: ModelCharacteristics | null, facts: FitFacts | null): Basis | null {
	const parameters_total = read?.parameters.total ?? record.parameters_total;
	const subject = { ...record, parameters_total, fit: facts };
	const words = plainSentence(subject, read?.evidence['parameters']?.rule);
	return words === null ? null : { weights: words };
}

type Basis = NonNullable<FitSubject['basis']>;
const ofWhole = 'Parameters of towers and projector, taken out of the weights.';

function notOffered(id: string, quant: string): Failure {
	return new Failure('invalid_query', `${id} offers no GGUF file "${quoted(quant)}", or its files cannot be listed.`);
}

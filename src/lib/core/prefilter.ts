// The look at a listed model before anything is read of it: is it out of the question for chat, and by which rule?
import { matchModelType } from '#lib/core/architecture.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { authorOf } from '#lib/core/repository.ts';
import {
	anyDeniedName,
	deniedNames,
	deniedOwners,
	deniedTasks,
	onnxFile,
	selfContainedFiles,
	tokenizerFiles,
	writerClass,
} from '#lib/core/tables/prefilter.ts';
import { tasks } from '#lib/core/tables/tasks.ts';

/** Why a model was dropped. `isEncoder`: the rule says what it is, too; otherwise it only lacks something. */
export interface Dropped {
	rule: string;
	isEncoder: boolean;
}

export interface PrefilterNeeds {
	/** The runtime loads ONNX files only. */
	onnx?: boolean;
}

const enoughFiles = [...tokenizerFiles, ...selfContainedFiles];

const writerKinds = new Set(['c', 's', 'm', 'p', 'q']);

/** Does the list say that this model writes text: by its task, a tag, its class, or the architecture of its GGUF file? */
function writes({ pipeline_tag, tags, config, gguf }: ListingFacts): boolean {
	if (pipeline_tag !== undefined && tasks.get(pipeline_tag)?.kind === 'gen') return true;
	if (tags?.includes('conversational') === true) return true;
	const architectures = config?.['architectures'];
	const [first] = Array.isArray(architectures) ? architectures : [];
	if (typeof first === 'string' && writerClass.test(first)) return true;
	const kind = gguf?.architecture === undefined ? undefined : matchModelType(gguf.architecture)?.kind;
	return kind !== undefined && writerKinds.has(kind);
}

function byTask({ pipeline_tag }: ListingFacts): Dropped | null {
	if (pipeline_tag === undefined || !deniedTasks.has(pipeline_tag)) return null;
	return { rule: `task ${pipeline_tag}`, isEncoder: true };
}

function byName(facts: ListingFacts): Dropped | null {
	const owner = facts.author ?? authorOf(facts.id);
	if (owner !== null && deniedOwners.has(owner)) return { rule: owner, isEncoder: true };
	const name = facts.id.slice(facts.id.indexOf('/') + 1).slice(0, 200);
	if (!anyDeniedName.test(name) || writes(facts)) return null;
	const row = deniedNames.find(({ pattern }) => pattern.test(name));
	return row === undefined ? null : { rule: row.rule, isEncoder: true };
}

function lastPart(path: string): string {
	return path.slice(path.lastIndexOf('/') + 1);
}

/** An empty list of files says nothing: some lists are handed on without them. */
function byFiles({ siblings }: ListingFacts, needs: PrefilterNeeds): Dropped | null {
	if (siblings === undefined || siblings.length === 0) return null;
	const names = siblings.map(lastPart);
	if (needs.onnx === true && !names.some((name) => onnxFile.test(name))) {
		return { rule: 'no ONNX file', isEncoder: false };
	}
	return names.some((name) => enoughFiles.some((pattern) => pattern.test(name)))
		? null
		: { rule: 'no tokenizer file', isEncoder: false };
}

/**
 * Null for a model that may be a candidate, else the rule that drops it: its task, a name known for encoders, or files
 * it lacks where the list tells its files. A name drops nothing that the list calls a writer of text. Asks nobody.
 */
export function prefilter(facts: ListingFacts, needs: PrefilterNeeds = {}): Dropped | null {
	return byTask(facts) ?? byName(facts) ?? byFiles(facts, needs);
}

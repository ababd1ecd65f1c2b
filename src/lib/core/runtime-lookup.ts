// Whether an engine's lists name the architecture of a model, looked up by the name that the engine itself goes by.
import type { RunFacts } from '#lib/core/run-facts.ts';
import type { RuntimeEngine } from '#lib/core/runtime.ts';

interface Lists {
	architectures: ReadonlySet<string>;
	types: ReadonlySet<string>;
	derivedArchitectures: ReadonlySet<string>;
	derivedTypes: ReadonlySet<string>;
	derivedStems: ReadonlySet<string>;
	medium: ReadonlySet<string>;
	textOnly: ReadonlySet<string>;
	drafts: ReadonlySet<string>;
}

const made = new WeakMap<RuntimeEngine, Lists>();

/** The lists of an engine as sets, made once. */
export function listsOf(engine: RuntimeEngine): Lists {
	const known = made.get(engine);
	if (known !== undefined) return known;
	const lower = (names: readonly string[] = []) => new Set(names.map((name) => name.toLowerCase()));
	const lists = {
		architectures: new Set(engine.architectures),
		types: lower(engine.types),
		derivedArchitectures: new Set(engine.derivedArchitectures),
		derivedTypes: lower(engine.derivedTypes),
		derivedStems: new Set(engine.derivedStems),
		medium: lower(engine.medium),
		textOnly: lower(engine.textOnly),
		drafts: new Set(engine.drafts),
	};
	made.set(engine, lists);
	return lists;
}

/** How the architecture of a model stands to an engine's lists, with the name that decided. */
export type Standing =
	| { is: 'listed'; name: string }
	| { is: 'derived'; name: string }
	| { is: 'backend'; name: string; backend: string }
	| { is: 'draft'; name: string }
	| { is: 'removed'; name: string; version: string }
	| { is: 'plugin'; name: string; plugin: string }
	| { is: 'unlisted'; name: string }
	| { is: 'unclear'; name: string }
	| { is: 'unnamed' };

/** The value of a name that the table itself has; names come from outside. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
	return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** What a class name ends in: its head. */
const classEnding = /(?:For[A-Z][A-Za-z0-9]*|(?:With)?LMHead(?:Model)?|Model)$/;

/** By class, as vLLM, SGLang and ExLlama look models up; the type decides only where no class is named. */
function standingByClass(facts: RunFacts, engine: RuntimeEngine, lists: Lists): Standing {
	const [first] = facts.architectures;
	const listed = facts.architectures.find((name) => lists.architectures.has(name));
	if (listed !== undefined) return { is: 'listed', name: listed };
	if (first === undefined) {
		const type = facts.model_type?.toLowerCase();
		if (type === undefined) return { is: 'unnamed' };
		return lists.derivedTypes.has(type) ? { is: 'derived', name: type } : { is: 'unclear', name: type };
	}
	if (lists.drafts.has(first)) return { is: 'draft', name: first };
	const { backend } = engine;
	const run = backend === undefined ? undefined : facts.architectures.find((name) => backend.runs(name));
	if (backend !== undefined && run !== undefined) return { is: 'backend', name: run, backend: backend.name };
	return absent(first, engine);
}

/** By model type, as MLX and Transformers do; the class decides only where no type is named. */
function standingByType(facts: RunFacts, engine: RuntimeEngine, lists: Lists): Standing {
	const type = facts.model_type?.toLowerCase();
	if (type !== undefined) {
		if (lists.types.has(type)) return { is: 'listed', name: type };
		const named = facts.architectures.find((name) => lists.architectures.has(name));
		if (named !== undefined) return { is: 'listed', name: named };
		if (lists.drafts.has(type)) return { is: 'draft', name: type };
		return absent(type, engine);
	}
	const [first] = facts.architectures;
	if (first === undefined) return { is: 'unnamed' };
	const listed = facts.architectures.find((name) => lists.architectures.has(name));
	if (listed !== undefined) return { is: 'listed', name: listed };
	const derived = facts.architectures.find(
		(name) => lists.derivedArchitectures.has(name) || lists.derivedStems.has(name.replace(classEnding, '')),
	);
	return derived === undefined ? { is: 'unclear', name: first } : { is: 'derived', name: derived };
}

/** By the architecture a GGUF file names. A row may hold that, or the type and class of the model it was made from. */
function standingByGguf(facts: RunFacts, engine: RuntimeEngine, lists: Lists): Standing {
	const type = facts.model_type?.toLowerCase();
	if (type !== undefined && lists.types.has(type)) return { is: 'listed', name: type };
	const listed = facts.architectures.find((name) => lists.architectures.has(name));
	if (listed !== undefined) return { is: 'listed', name: listed };
	const [first] = facts.architectures;
	if (first === undefined && type !== undefined && lists.derivedTypes.has(type)) return { is: 'derived', name: type };
	const name = first ?? type;
	return name === undefined ? { is: 'unnamed' } : absent(name, engine);
}

function absent(name: string, engine: RuntimeEngine): Standing {
	const version = own(engine.removed, name);
	if (version !== undefined) return { is: 'removed', name, version };
	const plugin = own(engine.plugins, name);
	if (plugin !== undefined) return { is: 'plugin', name, plugin };
	return engine.isOpen === true ? { is: 'unclear', name } : { is: 'unlisted', name };
}

/** Looks a model's architecture up as this engine does. */
export function standingOf(facts: RunFacts, engine: RuntimeEngine): Standing {
	const lists = listsOf(engine);
	if (engine.by === 'architectures') return standingByClass(facts, engine, lists);
	return engine.by === 'gguf' ? standingByGguf(facts, engine, lists) : standingByType(facts, engine, lists);
}

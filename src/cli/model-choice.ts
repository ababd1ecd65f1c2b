// The model that a command on texts asks: chosen by a person where none was named, fetched where it is not here yet.
import { Failure } from '#lib/core/failure.ts';
import { formatDecimalBytes } from '#lib/core/format.ts';
import { orderOf } from '#lib/core/download-order.ts';
import { isRepositoryId, quoted } from '#lib/core/repository.ts';
import { knownModel, namedModels, type NamedModel } from '#lib/core/tables/named-models.ts';
import type { App } from '#lib/server/app.ts';
import { toggle } from './command.ts';
import { untilRest } from './model-download.ts';
import type { Terminal } from './terminal.ts';

/** Options of a command that may fetch its model. */
export const fetchOptions = {
	yes: toggle('fetch the model without asking when it is not here'),
	no_download: toggle('fetch no model, also where a person could be asked'),
};

/** What each kind is good for, and what it costs. */
const tradeOffs: Readonly<Record<NamedModel['kind'], string>> = {
	embedding: 'fast; compares meanings',
	nli: 'slower; judges a sentence for each category',
	reranker: 'slower; rates each category beside the text',
	instruction: 'slowest; answers in words',
};

function smallest({ sizes }: NamedModel): number {
	return Math.min(...Object.values(sizes));
}

/** The model that was named, or the one that a person chooses. Throws `usage` where nobody can be asked. */
export async function chosenModel(named: string | undefined, terminal: Terminal): Promise<string> {
	if (named !== undefined && named !== '') return named;
	if (!terminal.canAsk) {
		const ways = '"rules" needs no download, and "modeldex model list --named" shows the others';
		throw new Failure('usage', `--model is missing; ${ways}.`);
	}
	const offered = namedModels.filter(({ locked }) => locked === null);
	const names = ['rules', ...offered.map(({ name }) => name)];
	const wide = Math.max(...names.map(({ length }) => length));
	terminal.note('Which model?');
	terminal.note(`  1  ${'rules'.padEnd(wide)}  no download; looks at paths and words`);
	offered.forEach((model, at) => {
		const size = `from ${formatDecimalBytes(smallest(model))}`;
		terminal.note(`  ${at + 2}  ${model.name.padEnd(wide)}  ${size}, ${model.license}; ${tradeOffs[model.kind]}`);
	});
	const answer = (await terminal.ask('Number or name: ')).trim();
	const chosen = names[Number(answer) - 1] ?? (answer === '' || /^\d+$/.test(answer) ? undefined : answer);
	if (chosen !== undefined) return chosen;
	throw new Failure('usage', `"${quoted(answer)}" is none of the models.`);
}

interface Wanted {
	model: string;
	yes: boolean;
	no_download: boolean;
	/** Throws `model_not_installed` while the model is not here. */
	check: () => Promise<void>;
}

/**
 * Makes sure that the model is here: size and licence are shown, and it is fetched after a yes. Throws what `check`
 * throws where that is not wanted or not possible, and what a download throws.
 */
export async function ensureModel(app: App, wanted: Wanted, terminal: Terminal, signal: AbortSignal): Promise<void> {
	const { model, yes, no_download: never, check } = wanted;
	try {
		return await check();
	} catch (error) {
		const isMissing = error instanceof Failure && error.code === 'model_not_installed';
		const isThere = knownModel(model) !== null || (isRepositoryId(model) && model.includes('/'));
		if (!isMissing || !isThere || never || app.hub.offline || !(yes || terminal.canAsk)) throw error;
		const order = orderOf({ id: model });
		const { missing, model_id: id, license } = await app.downloads.plan(order, signal);
		const terms = `${formatDecimalBytes(missing)} of ${id}, licence ${license ?? 'unknown'}`;
		terminal.note(`${model} is not here yet: ${terms}.`);
		if (!yes && /^\s*n/i.test(await terminal.ask('Download it? [Y/n] '))) throw error;
		const { id: download } = await app.downloads.order(order, { refresh: false });
		await untilRest(app, download, terminal, signal);
	}
	await app.localModels.look();
	await check();
}

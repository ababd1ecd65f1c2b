// From an order to files: which commit, which files with which digests, and whether the gate is open.
import type { DownloadFile, DownloadOrder, GateState } from '#lib/core/download.ts';
import { offersOf, orderedFiles } from '#lib/core/download-choice.ts';
import type { WeightOffer } from '#lib/core/download-plan.ts';
import { Failure } from '#lib/core/failure.ts';
import { weightSets } from '#lib/core/files.ts';
import type { ModelFile } from '#lib/core/model.ts';
import { isCommit, parseRepositoryId, parseRevision, quoted } from '#lib/core/repository.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import { openGate, type Gate } from '#lib/server/hub-failure.ts';
import type { FileTree } from '#lib/server/hub-replies.ts';
import type { Hub } from '#lib/server/hub.ts';

/** A file of an order. `digest` is null only behind a closed gate, where the Hub hides it. */
export interface OrderedFile extends Pick<DownloadFile, 'path' | 'total'> {
	digest: string | null;
}

/** What an order comes to at this moment. `id` is the name the Hub uses now. */
export interface Resolved {
	id: string;
	commit: string;
	gate: Gate;
	license: string | null;
	files: OrderedFile[];
	quant: string | null;
	/** Labels of the GGUF files there are, largest first. */
	quants: string[];
	offers: WeightOffer[];
	warnings: string[];
}

/** A failure before a gate, with how one stands there. */
export class GateFailure extends Failure {
	readonly gate: GateState;

	constructor({ state, message }: Gate) {
		super('gated', message);
		this.gate = state;
	}
}

type AskedHub = Pick<Hub, 'info' | 'tree' | 'access' | 'offline'>;

/** One hostile name or digest condemns the whole list: nothing else that came with it can be trusted. */
function checkRefused({ refused: [first] }: FileTree, id: string): void {
	if (first === undefined) return;
	const message = `Nothing of ${id} was downloaded, because its list of files holds "${quoted(first.path)}": ${first.why}.`;
	throw new Failure(first.code, message);
}

function digested(file: ModelFile, oids: ReadonlyMap<string, string>): OrderedFile {
	return { path: file.path, total: file.size, digest: file.lfs ? file.sha256 : (oids.get(file.path) ?? null) };
}

/**
 * Asks the Hub what an order means: three requests at most. Throws a Failure for models, revisions and files that there
 * are not, for hostile lists, and `offline`; a closed gate is part of the answer.
 */
export async function resolveOrder(hub: AskedHub, order: DownloadOrder, options: AskOptions): Promise<Resolved> {
	const asked = parseRepositoryId(order.model_id);
	const ref = parseRevision(order.revision);
	if (hub.offline) {
		throw new Failure('offline', `HF_HUB_OFFLINE is set, so nothing of ${asked} was downloaded.`);
	}
	const { facts, movedTo } = await hub.info(asked, { ...options, ...(ref === 'main' ? {} : { revision: ref }) });
	const id = movedTo ?? asked;
	const commit = facts.sha ?? (isCommit(ref) ? ref : undefined);
	if (commit === undefined) throw new Failure('hub_error', `The Hub did not say at which commit ${id} is.`);
	if (facts.disabled === true) throw new Failure('disabled', `${id} was disabled by Hugging Face.`);
	const tree = await hub.tree(id, { ...options, revision: commit });
	checkRefused(tree, id);
	const isClosed = (facts.gated ?? false) !== false || tree.files.some(({ lfs, sha256 }) => lfs && sha256 === null);
	const gate = isClosed ? await hub.access(id, options) : openGate(id);
	const { files, quant } = orderedFiles(tree.files, { ...order, model_id: id });
	const chosen = files.map((file) => digested(file, tree.oids));
	const bare = gate.state === 'open' ? chosen.find(({ digest }) => digest === null) : undefined;
	if (bare !== undefined) {
		throw new Failure(
			'invalid_digest',
			`The Hub names no digest for ${quoted(bare.path)} of ${id}, so it cannot be verified.`,
		);
	}
	return {
		...{ id, commit, gate, quant, files: chosen, license: facts.license ?? null },
		quants: [...new Set(weightSets(tree.files).flatMap((set) => (set.quant === null ? [] : [set.quant])))],
		offers: offersOf(tree.files),
		warnings: id === asked ? [] : [`The Hub now calls ${asked} ${id}.`],
	};
}

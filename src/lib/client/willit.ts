// Reads from our own API what runs, what fits and why a model is not in a list.
import { ApiError, ask, isObject, type Asked } from '#lib/client/api.ts';
import type { CompatibilityReport } from '#lib/core/compatibility.ts';
import type { Explanation } from '#lib/core/explanation.ts';
import type { PartProblem } from '#lib/core/model.ts';
import type { Checked, ModelQuery } from '#lib/core/query.ts';
import { checkedParams, toSearchParams } from '#lib/core/query-url.ts';
import { encodeId } from '#lib/core/repository.ts';

/** What runtimes make of a model; `problems` names what could not be read of it. */
export interface Compatible {
	runtimes: CompatibilityReport[];
	problems: PartProblem[];
}

function isCompatible(value: unknown): value is Compatible {
	return isObject(value) && Array.isArray(value.runtimes) && Array.isArray(value.problems);
}

function isExplanation(value: unknown): value is Explanation {
	return isObject(value) && Array.isArray(value.hidden_by) && Array.isArray(value.closest);
}

async function read<T>(asked: Asked, path: string, is: (value: unknown) => value is T): Promise<T> {
	const response = await ask(asked, path, { signal: asked.signal ?? null });
	const value: unknown = await response.json();
	if (is(value)) return value;
	throw new ApiError('bad_answer', 'Modeldex sent an answer that this page cannot read. Reload the page.');
}

/** One model on one runtime. Throws ApiError. */
export function readCompatibility(id: string, { runtime, ...asked }: Asked & { runtime: string }): Promise<Compatible> {
	return read(asked, `/api/models/compatibility/${encodeId(id)}?runtime=${encodeURIComponent(runtime)}`, isCompatible);
}

/** Whether a list shows a model, what hides it, and what comes closest. Throws ApiError. */
export function readWhy(
	id: string,
	query: ModelQuery,
	{ checked, ...asked }: Asked & { checked: Checked },
): Promise<Explanation> {
	const params = new URLSearchParams([...toSearchParams({ ...query, cursor: null }), ...checkedParams(checked)]);
	for (const name of ['limit', 'sort', 'order']) params.delete(name);
	params.set('id', id);
	return read(asked, `/api/models/why?${params}`, isExplanation);
}

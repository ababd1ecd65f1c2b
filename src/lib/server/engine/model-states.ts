// What people are told of models: those that are loaded, and whether those with short names are here.
import { isAbort, toFailure, type FailureCode } from '#lib/core/failure.ts';
import type { NamedModel, ModelKind } from '#lib/core/tables/named-models.ts';

/** A loaded model as it is told to people. Bytes are measured, null until they are. */
export interface LoadedModel {
	name: string;
	kind: ModelKind;
	dtype: string;
	path: string;
	pid: number | null;
	bytes: number | null;
	peak_bytes: number | null;
	pinned: boolean;
	/** Requests that use it right now. */
	uses: number;
	/** Seconds since it was last used. */
	idle_seconds: number;
}

/** A model with a short name: whether it is here, in which dtype and size, and what to do when it is not. */
export interface KnownModelState extends Pick<NamedModel, 'name' | 'kind' | 'id' | 'license' | 'locked'> {
	installed: boolean;
	problem: { code: string; message: string } | null;
	dtype: string | null;
	bytes: number | null;
	revision: string | null;
}

/** Failures that say nothing of a model but that it is not here. */
const absences: ReadonlySet<FailureCode> = new Set(['model_not_installed', 'model_locked', 'not_found']);

/** The outcome of loading a model as it is; `tell` hears the code when the model is here and could not be loaded. */
export async function tellingFailure<T>(loading: Promise<T>, tell: (code: FailureCode) => void): Promise<T> {
	try {
		return await loading;
	} catch (error) {
		const { code } = toFailure(error);
		if (!isAbort(error) && !absences.has(code)) tell(code);
		throw error;
	}
}

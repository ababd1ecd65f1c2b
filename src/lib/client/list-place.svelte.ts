// What the cards of a list are measured against: what the list is filtered by, and the choice in the header for the rest.
import type { Measure, Place } from '#lib/client/place.svelte.ts';
import { fitPlace, fitRow, usualContext, type FitPlace, type RowFit } from '#lib/core/fit.ts';
import type { Device } from '#lib/core/hardware.ts';
import type { FitFacts } from '#lib/core/model.ts';
import type { ModelQuery } from '#lib/core/query.ts';
import type { RuntimeId, Runtimes } from '#lib/core/runtime.ts';

/** The list as it was asked for, and the device its filter means; null when it is not filtered by fit. */
interface Asked {
	query: Pick<ModelQuery, 'runtime' | 'context'>;
	fitted: Device | null;
}

/** A list's own place, so that a card never contradicts the filter it passed. */
export class ListPlace implements Measure {
	readonly #place: Place;
	readonly #asked: () => Asked;
	readonly #measured: FitPlace | null;

	constructor(place: Place, asked: () => Asked) {
		this.#place = place;
		this.#asked = asked;
		this.#measured = $derived.by(() => {
			const { device, runtime, runtimes } = this;
			return device === null ? null : fitPlace({ device, runtime, runtimes, cacheBits: place.choice.cacheBits });
		});
	}

	get device(): Device | null {
		return this.#asked().fitted ?? this.#place.device;
	}

	get runtimes(): Runtimes {
		return this.#place.runtimes;
	}

	get runtime(): RuntimeId | null {
		return this.#asked().query.runtime ?? this.#place.runtime;
	}

	get tokens(): number {
		const { fitted, query } = this.#asked();
		return fitted === null ? this.#place.tokens : (query.context ?? usualContext);
	}

	get fitPlace(): FitPlace | null {
		return this.#measured;
	}

	/** Whether a row's model fits there; null without a device. */
	fit(row: { fit: FitFacts | null; context_window: number | null }): RowFit | null {
		return this.#measured === null ? null : fitRow(row, this.#measured, this.tokens);
	}
}

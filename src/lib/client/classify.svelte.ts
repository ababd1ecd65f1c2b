// The label lab: texts, what is set up, and a run per model with everything it said. One per page.
import { SvelteMap } from 'svelte/reactivity';
import { ApiError, type Fetch } from '#lib/client/api.ts';
import { LabelBook, type Judged } from '#lib/client/classify-labels.svelte.ts';
import { LabDraft } from '#lib/client/classify-draft.svelte.ts';
import { ModelRun, type RunSetting } from '#lib/client/classify-run.svelte.ts';
import { freshOf, mostTexts, TextReader, type LabText, type Refusal } from '#lib/client/classify-texts.ts';
import { classifyTexts, fitCalibration, type FittedCalibration } from '#lib/client/classify-wire.ts';
import { labelKey } from '#lib/core/classify-labels.ts';
import { formatCount } from '#lib/core/format.ts';

interface LabOptions {
	fetch: Fetch;
	/** Milliseconds of a clock that never goes back. */
	now: () => number;
}

/** What a run is going to take, told before it begins. */
export interface Estimate {
	model: string;
	texts: number;
	/** null: nothing was measured with these categories yet. */
	ms: number | null;
	measuredOn: number;
}

/** A fit of a model to the labels: under way (both null), done, or why not. */
export interface Fit {
	fitted: FittedCalibration | null;
	problem: string | null;
}

/** Answers from which on a run is told about before it begins. */
export const largeRun = 200;
/** Texts of the first go that only measures. */
export const trialTexts = 10;

/** The lab. */
export class ClassifyLab {
	readonly #options: LabOptions;
	readonly reader = new TextReader();
	readonly draft = new LabDraft();
	readonly labels = new LabelBook();
	/** Fits to the labels, by model. */
	readonly fits = new SvelteMap<string, Fit>();
	/** Ids of the only texts to show, with why; null shows what the filter of the results says. */
	focus = $state.raw<{ title: string; ids: ReadonlySet<string> } | null>(null);
	texts = $state.raw<readonly LabText[]>([]);
	refused = $state.raw<readonly Refusal[]>([]);
	/** Runs by model, the last one of each. */
	readonly runs = new SvelteMap<string, ModelRun>();
	#leave = $state.raw<AbortController | null>(null);

	constructor(options: LabOptions) {
		this.#options = options;
	}

	/** The runs in the order of the models, so that nothing moves when one is asked anew. */
	get shownRuns(): ModelRun[] {
		return this.draft.models.flatMap((model) => this.runs.get(model) ?? []);
	}

	get isRunning(): boolean {
		return this.#leave !== null;
	}

	/** What every text is asked with. */
	get setting(): RunSetting {
		return { categories: this.draft.chosen, mode: this.draft.mode, rules_first: this.draft.rulesFirst };
	}

	/** Names the setting: results of another one do not hold for it. */
	get key(): string {
		return JSON.stringify([labelKey(this.draft.chosen), this.draft.mode, this.draft.rulesFirst]);
	}

	/** Do the results on view belong to other categories or other rules than those set up now? */
	get isStale(): boolean {
		return [...this.runs.values()].some(({ key }) => key !== this.key);
	}

	/** Takes texts in; the same text twice counts once. */
	take({ texts, refused }: { texts: readonly LabText[]; refused: readonly Refusal[] }): void {
		const fresh = freshOf(texts, this.texts);
		const room = mostTexts - this.texts.length;
		const over = fresh.length > room;
		this.texts = [...this.texts, ...fresh.slice(0, room)];
		this.labels.take(fresh);
		const reason = `There are ${formatCount(mostTexts)} already, the most this page takes; use the command line for more.`;
		const said = [...this.refused, ...refused];
		this.refused = over ? [...said, { name: `${formatCount(fresh.length - room)} texts`, reason }] : said;
	}

	/** Takes every text away, with what was said of it. */
	clear(): void {
		this.texts = [];
		this.refused = [];
		this.runs.clear();
		this.focus = null;
	}

	/** Texts with a label that is one of the categories. */
	get judged(): Judged[] {
		const names = this.draft.chosen.map(({ name }) => name);
		return this.texts.flatMap((text) => {
			const truth = this.labels.of(text);
			return truth === null || !names.includes(truth) ? [] : [{ text, truth }];
		});
	}

	/** Fits a model to the labels; what it said before no longer counts. Never throws: the fit says what went wrong. */
	async calibrate(model: string): Promise<void> {
		this.fits.set(model, { fitted: null, problem: null });
		const texts = this.judged.map(({ text: { text, path }, truth }) => ({
			...{ text, label: truth },
			...(path === null ? {} : { path }),
		}));
		try {
			const order = { model, categories: this.draft.chosen, texts };
			this.fits.set(model, { fitted: await fitCalibration(order, this.#options), problem: null });
		} catch (error) {
			const problem = error instanceof ApiError ? error.message : 'Something went wrong in this page. Reload it.';
			this.fits.set(model, { fitted: null, problem });
		}
	}

	/** Takes one text away. */
	drop(id: string): void {
		this.texts = this.texts.filter((text) => text.id !== id);
		for (const run of this.runs.values()) run.results.delete(id);
	}

	/** The run of a model for the present setting; a new one when there is none. */
	#run(model: string): ModelRun {
		const known = this.runs.get(model);
		if (known?.key === this.key) return known;
		const run = new ModelRun(model, this.key, {
			now: this.#options.now,
			classify: (order, signal) => classifyTexts(order, { fetch: this.#options.fetch, signal }),
		});
		this.runs.set(model, run);
		return run;
	}

	/** What a run would take now, by model. */
	get estimates(): Estimate[] {
		return this.draft.models.map((model) => {
			const run = this.runs.get(model);
			const isSame = run?.key === this.key;
			const texts = isSame ? run.open(this.texts).length : this.texts.length;
			const pace = isSame ? run.pace : null;
			return { model, texts, ms: pace === null ? null : pace.msPerText * texts, measuredOn: pace?.texts ?? 0 };
		});
	}

	/** Forgets what a model said: the next run asks it about every text. */
	forget(model: string): void {
		this.runs.delete(model);
	}

	/** Asks a model about every text anew. */
	async again(model: string): Promise<void> {
		this.forget(model);
		this.fits.delete(model);
		await this.run();
	}

	/** Asks the models one after the other about every text they have not answered yet. */
	async run(texts: readonly LabText[] = this.texts): Promise<void> {
		if (this.isRunning) return;
		const leave = new AbortController();
		this.#leave = leave;
		this.draft.save();
		for (const model of this.runs.keys()) if (!this.draft.models.includes(model)) this.runs.delete(model);
		const { setting } = this;
		const runs = this.draft.models.map((model) => this.#run(model));
		for (const run of runs) run.state = run.open(texts).length === 0 ? run.state : 'waiting';
		try {
			for (const run of runs) {
				if (leave.signal.aborted) run.state = run.state === 'waiting' ? 'cancelled' : run.state;
				else if (run.open(texts).length > 0) await run.go(texts, setting, leave.signal);
			}
		} finally {
			this.#leave = null;
		}
	}

	/** Stops; what has come is kept, and a later run asks about the rest. */
	cancel(): void {
		this.#leave?.abort();
	}
}

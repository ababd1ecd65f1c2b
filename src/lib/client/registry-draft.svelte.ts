// The registry file while somebody edits it: looked at by the server as one types, saved only when it is good.
import { problemOf, type RegistryDesk, type TextCheck } from '#lib/client/registry-desk.ts';

/** A pause in typing after which the server is asked. */
const pauseMs = 350;

interface DraftOptions {
	desk: Pick<RegistryDesk, 'check' | 'save' | 'version'>;
	/** The text as it is on disk. */
	text: string;
	/** Runs something after a pause; the returned function ends that. */
	after: (ms: number, work: () => void) => () => void;
}

/** One per page. Only the newest text's answer counts. */
export class RegistryDraft {
	readonly #desk: DraftOptions['desk'];
	readonly #after: DraftOptions['after'];
	#cancelWait: () => void = () => {};
	#asking: AbortController | null = null;
	#saved: string;
	text = $state('');
	/** What the server said about `text`; null until it has. */
	check = $state.raw<TextCheck | null>(null);
	isChecking = $state(false);
	isSaving = $state(false);
	/** Why the server could not be asked, or would not save; null when all is well. */
	problem = $state<string | null>(null);
	/** What was last done, for people. */
	said = $state('');
	/** Is it another text than the one on disk? */
	isChanged = $state(false);

	constructor({ desk, text, after }: DraftOptions) {
		this.#desk = desk;
		this.#after = after;
		this.#saved = text;
		this.text = text;
	}

	get isGood(): boolean {
		return this.check !== null && this.check.faults.length === 0;
	}

	/** Takes a new text and has it looked at after a pause. */
	type(text: string): void {
		this.text = text;
		this.isChanged = text !== this.#saved;
		this.check = null;
		this.said = '';
		this.#cancelWait();
		this.#cancelWait = this.#after(pauseMs, () => void this.look());
	}

	/** Has the text looked at now. */
	async look(): Promise<void> {
		this.#asking?.abort();
		const asking = new AbortController();
		this.#asking = asking;
		this.isChecking = true;
		try {
			const check = await this.#desk.check(this.text, asking.signal);
			if (asking.signal.aborted) return;
			this.check = check;
			this.problem = null;
		} catch (error) {
			if (!asking.signal.aborted) this.problem = problemOf(error);
		} finally {
			if (this.#asking === asking) this.isChecking = false;
		}
	}

	/** Puts the text in force. */
	async save(): Promise<void> {
		const { text } = this;
		this.isSaving = true;
		this.problem = null;
		try {
			const { changes } = await this.#desk.save(text);
			this.#saved = text;
			this.isChanged = this.text !== text;
			this.check = null;
			const parts = changes.length === 1 ? '1 part of it is' : `${changes.length} parts of it are`;
			this.said = `Saved and in force: ${parts} new or different.`;
		} catch (error) {
			this.problem = problemOf(error);
		} finally {
			this.isSaving = false;
		}
	}

	/** Takes an earlier text into the editor; nothing is saved. */
	async recall(digest: string): Promise<void> {
		try {
			const text = await this.#desk.version(digest);
			this.type(text);
			this.said = `The text with the mark ${digest} is in the editor; save it to go back to it.`;
		} catch (error) {
			this.problem = problemOf(error);
		}
	}

	/** Back to the text on disk. */
	revert(): void {
		this.type(this.#saved);
	}

	/** Ends what is under way. */
	close(): void {
		this.#cancelWait();
		this.#asking?.abort();
	}
}

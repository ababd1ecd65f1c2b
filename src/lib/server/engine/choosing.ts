// Options are scored by the letter an answer begins with: what is the same whatever runs the model.
import { Failure } from '#lib/core/failure.ts';
import type * as Says from '#lib/server/engine/messages.ts';

/** What a model brings to it; `Token` is its own kind of token. */
interface Chooser<Token> {
	/** The tokens of a short text, in every way the tokenizer may cut it. */
	waysOf: (text: string) => Token[][];
	/** The tokens of a question up to where its answer begins. Throws `template_rejected`. */
	prompt: (messages: Says.ChooseWork['prompts'][number]) => Token[];
	/** What the model says of each letter right after the question. */
	lettersAfter: (ids: Token[], letters: readonly Token[][]) => Promise<Omit<Says.ChosenText, 'tokens'>>;
	/** Called before the model is run. */
	begin: () => void;
}

/** The one token that each letter is where an answer begins, with or without a space before it. */
function letterTokens<Token>(letters: readonly string[], waysOf: Chooser<Token>['waysOf']): Token[][] {
	return letters.map((letter) => {
		const ways = [letter, ` ${letter}`].flatMap(waysOf);
		const ids = [...new Set(ways.filter((way) => way.length === 1).flat())];
		if (ids.length > 0) return ids;
		throw new Failure('unsupported_model', 'The tokenizer splits single letters, so that options cannot be scored.');
	});
}

/**
 * Log-probabilities of the letters as the next token, question by question. Throws `unsupported_model` for a tokenizer that
 * splits letters and `invalid_categories` for a question beyond what the model reads.
 */
export async function chooseEach<Token>(work: Says.ChooseWork, by: Chooser<Token>): Promise<Says.ChosenText[]> {
	const letters = letterTokens(work.letters, by.waysOf);
	const chosen: Says.ChosenText[] = [];
	for (const messages of work.prompts) {
		const ids = by.prompt(messages);
		if (ids.length > work.maxTokens) {
			throw new Failure(
				'invalid_categories',
				'The question is longer than the model reads; fewer or shorter categories help.',
			);
		}
		by.begin();
		chosen.push({ ...(await by.lettersAfter(ids, letters)), tokens: ids.length });
	}
	return chosen;
}

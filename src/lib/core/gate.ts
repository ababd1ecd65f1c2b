// The plain case of a gate in words: conditions to accept. Whoever has said so already can leave the sentence out.

/** What to do about a gate that was not asked to open yet; `then` ends the sentence. */
export function gateSentence(id: string, page: string, then: string): string {
	return `${id} is gated: accept its conditions at ${page}${then}`;
}

/** Does this sentence say no more than that conditions must be accepted? Others tell how a request or a token stands. */
export function isPlainGate(sentence: string, id: string): boolean {
	return sentence === `${id} is gated.` || sentence.startsWith(gateSentence(id, '', ''));
}

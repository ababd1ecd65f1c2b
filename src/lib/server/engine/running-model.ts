// The socket inside a model's own process: what every runtime does for the orders that come in.
import type * as Says from '#lib/server/engine/messages.ts';

/** Called when the work enters another stage. */
export type Tell = (stage: Says.Stage) => void;

/** Called with what was written since the last time. */
export type Hear = (piece: Says.Piece) => void;

/** A loaded model of any runtime. */
export interface RunningModel {
	/** Does a model that writes take the keys and values of earlier tokens? */
	readonly hasCache: boolean;
	stop(): void;
	embed(work: Says.EmbedWork, tell: Tell): Promise<Says.EmbeddedText[]>;
	pair(work: Says.PairWork, tell: Tell): Promise<Says.PairedText[]>;
	choose(work: Says.ChooseWork, tell: Tell): Promise<Says.ChosenText[]>;
	/** `hear` is told what was written when the work says that it streams. */
	generate(work: Says.GenerateWork, tell: Tell, hear: Hear): Promise<Says.GeneratedText>;
}

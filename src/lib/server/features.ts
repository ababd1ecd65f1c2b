// The features that can be switched, each with its flag, its environment variable and what holds when nobody says a thing.

/** One feature. `flag` is its name wherever rollouts are kept; `variable` its name in the environment. */
export interface Feature {
	flag: string;
	variable: string;
	/** Is it on for everyone unless told otherwise? */
	fallback: boolean;
	/** What it does, for people. */
	title: string;
	/** The same for the table of settings, with what may be written. */
	about: string;
}

/** Reads the list of chat models in a web worker, with live progress. */
export const loadChatModelsWorker: Feature = {
	flag: 'load-chat-models-worker',
	variable: 'FEATURE_LOAD_CHAT_MODELS_WORKER',
	fallback: true,
	title: 'Look for chat models in a worker of the page',
	about: 'pages look for chat models in a worker: on, off (beats what is stored), or a percentage of users such as 25%',
};

/** Every feature; a flag that is not here has no variable and is off until it is switched on. */
export const features: readonly Feature[] = [loadChatModelsWorker];

// What passes between the writers of files and the worker that computes their digests.

/** What the worker is told about one file. */
export type DigestOrder =
	| { op: 'begin'; id: number; fd: number; algorithm: 'sha256' | 'sha1'; prefix: string }
	/** `upTo`: bytes from the beginning that may be read; `end`: there will be no more. */
	| { op: 'grow' | 'end'; id: number; upTo: number }
	| { op: 'drop'; id: number };

/** The digest, in hexadecimal; empty for a dropped one. */
export type DigestReply = { id: number; digest: string } | { id: number; error: string };

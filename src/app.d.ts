// Types of what hooks hang on a request and of what an error page may show.
import type { Failure, FailureCode } from '#lib/core/failure.ts';
import type { App as Machine } from '#lib/server/app.ts';
import type { Caller } from '#lib/server/registry/callers.ts';

declare global {
	namespace App {
		interface Locals {
			app: Machine;
			/** True when no key is set, or this request showed it or belongs to a signed-in browser. */
			signedIn: boolean;
			/** Who asks; nobody until the request was let in. */
			caller: Caller;
			/** What went wrong while this request was answered; set by hooks only. */
			failure?: Failure;
		}
		interface Error {
			code: FailureCode;
			message: string;
			/** HTTP status of the failure, also where the framework answers with another. */
			status: number;
		}
	}
}

export {};

// Types of what hooks hang on a request and of what an error page may show.
import type { App as Machine } from '#lib/server/app.ts';

declare global {
	namespace App {
		interface Locals {
			app: Machine;
		}
		interface Error {
			code: string;
			message: string;
		}
	}
}

export {};

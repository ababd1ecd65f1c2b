// The failure in an answer of the gateway, in the shape that clients of OpenAI expect.
import { expect } from 'vitest';
import { z } from 'zod';

export const envelope = z.object({
	error: z.looseObject({
		message: z.string().min(10),
		type: z.string(),
		code: z.string().regex(/^[a-z_]+$/),
		param: z.string().nullable(),
		request_id: z.string().nullable(),
		attempts: z.array(z.unknown()).optional(),
	}),
});

export async function errorOf(response: Response) {
	const text = await response.text();
	expect(text).not.toMatch(/canary|CANARY/);
	return { status: response.status, ...envelope.parse(JSON.parse(text)).error };
}

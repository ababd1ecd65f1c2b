// A breaker that is open is closed because somebody says so: the next request asks the candidate, long before it would have.
import type { RequestEvent } from '@sveltejs/kit';
import { describe, expect, it } from 'vitest';
import { CallFailure } from '#lib/core/registry/call.ts';
import type { Script } from '../../support/fake-candidates.ts';
import { A, B, routeRig, type Rig } from '../../support/route-rig.ts';
import { POST } from '../../../src/routes/api/registry/breakers/reset/+server.ts';

async function reset(rig: Rig, body: unknown): Promise<unknown> {
	const request = new Request('http://127.0.0.1/x', { method: 'POST', body: JSON.stringify(body) });
	const { registry, router } = rig;
	const event = { request, locals: { app: { routing: { registry, router } } } } as unknown as RequestEvent;
	return (await POST(event as never)).json();
}

/** The first candidate's key is refused once; from then on everything is well. */
async function afterRefusal(): Promise<Rig> {
	const once: Script = (_, number) =>
		number === 0 ? [{ fail: new CallFailure('auth', 'The key is refused.', { status: 401 }) }] : [{ say: 'first' }];
	const t = { strategy: 'fallback' as const, providers: [A, B] };
	const rig = routeRig({ config: { tiers: { t } }, scripts: { [A]: once, [B]: [{ say: 'second' }] } });
	await rig.ask({});
	expect((await rig.ask({})).text).toBe('second');
	expect(rig.router.breakers.view(A)?.state).toBe('open');
	return rig;
}

describe('resetting', () => {
	it('everything lets all that rest be asked at once, and names them', async () => {
		const rig = await afterRefusal();
		expect(await reset(rig, {})).toEqual({ reset: ['a', A] });
		expect((await rig.ask({})).text).toBe('first');
		expect(await reset(rig, {})).toEqual({ reset: [] });
	});

	it('one closes that one alone: a provider whose key was refused still rests', async () => {
		const rig = await afterRefusal();
		expect(await reset(rig, { name: A })).toEqual({ reset: [A] });
		expect((await rig.ask({})).text).toBe('second');
		expect(await reset(rig, { name: 'a' })).toEqual({ reset: ['a'] });
		expect((await rig.ask({})).text).toBe('first');
	});

	it('refuses a name that nobody has, and fields it does not know', async () => {
		const rig = await afterRefusal();
		await expect(reset(rig, { name: 'a/onne' })).rejects.toMatchObject({
			code: 'not_found',
			message: expect.stringContaining('a/one'),
		});
		await expect(reset(rig, { names: [] })).rejects.toMatchObject({ code: 'unknown_field' });
		expect(await reset(rig, { name: B })).toEqual({ reset: [] });
	});
});

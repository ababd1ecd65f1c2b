// `modeldex registry key …`: makes, shows and ends keys of the gateway.
import { z } from 'zod';
import { parseAllowed, parseBudget, parseExpiry, parseRpm, type RegistryKey } from '#lib/core/registry/key.ts';
import { command, list, option, positional, type Command } from './command.ts';
import { settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

const homeOption = settingOptions(['home']);

function limitsOf({ specs, budget, rpm, expires_at, user }: RegistryKey): string {
	const parts = [
		specs.length === 0 ? 'every spec' : specs.join(' '),
		user === null ? null : `user ${user}`,
		budget === null ? null : `$${budget.usd} per ${budget.window}`,
		rpm === null ? null : `${rpm} requests a minute`,
		expires_at === null ? null : `until ${expires_at.slice(0, 16).replace('T', ' ')}`,
	];
	return parts.filter((part) => part !== null).join(' · ');
}

function stateOf({ revoked_at, expires_at, last_used_at }: RegistryKey, now: string): string {
	if (revoked_at !== null) return 'revoked';
	if (expires_at !== null && expires_at <= now) return 'over';
	return last_used_at === null ? 'never used' : `last used ${last_used_at.slice(0, 16).replace('T', ' ')}`;
}

function showKeys(keys: readonly RegistryKey[], terminal: Terminal): void {
	if (keys.length === 0) terminal.note('There are no keys; "modeldex registry key create" makes one.');
	const now = new Date().toISOString();
	for (const key of keys) {
		terminal.line(strong(key.prefix), `  ${key.name}  `, quiet(stateOf(key, now)));
		terminal.line('  ', limitsOf(key));
	}
}

const createCommand = command({
	name: 'registry key create',
	summary: 'make a key for the gateway; it is shown once',
	args: z.strictObject({
		name: positional('name', 'whom or what the key is for'),
		user: option('id', 'the user whose requests these are'),
		spec: list('spec', 'what it may ask for, such as tier:fast or lab/*; all when left out'),
		budget: option('dollars', 'most that it may spend, such as 5/day; per month when no window is named'),
		rpm: option('number', 'most requests in a minute'),
		expires: option('time', 'when it ends, such as 30d or 2027-01-31'),
		...homeOption,
	}),
	run: async ({ name, user, spec, budget, rpm, expires, ...settings }, terminal) => {
		const order = {
			name,
			user: user ?? null,
			specs: spec.map(parseAllowed),
			budget: budget === undefined ? null : parseBudget(budget),
			rpm: rpm === undefined ? null : parseRpm(rpm),
			expires_at: expires === undefined ? null : parseExpiry(expires, Date.now()),
		};
		const { withApp } = await import('./machine.ts');
		return withApp(settings, terminal, async ({ keys }) => {
			const { key, secret } = keys.create(order);
			if (terminal.json) terminal.document({ key, secret });
			else terminal.line(secret);
			terminal.note(`${limitsOf(key)}. Keep it now: it is not shown again.`);
		});
	},
});

const listCommand = command({
	name: 'registry key list',
	summary: 'show the keys of the gateway by their beginnings',
	args: z.strictObject(homeOption),
	run: async (settings, terminal) => {
		const { withApp } = await import('./machine.ts');
		return withApp(settings, terminal, async ({ keys }) => {
			const all = keys.list();
			if (terminal.json) terminal.document({ keys: all });
			else showKeys(all, terminal);
		});
	},
});

const revokeCommand = command({
	name: 'registry key revoke',
	summary: 'end a key of the gateway at once',
	args: z.strictObject({ id: positional('id', 'its beginning, as the list shows it'), ...homeOption }),
	run: async ({ id, ...settings }, terminal) => {
		const { withApp } = await import('./machine.ts');
		return withApp(settings, terminal, async ({ keys }) => {
			const key = keys.revoke(id);
			if (terminal.json) terminal.document({ key });
			else terminal.line(`${key.prefix} (${key.name}) is revoked.`);
		});
	},
});

/** The commands about keys. */
export const registryKeyCommands: readonly Command[] = [createCommand, listCommand, revokeCommand];

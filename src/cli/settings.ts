// Settings as options: each flag stands for one environment variable, so that both are read in one place.
import { settingRows } from '#lib/server/config.ts';
import { option, toggle } from './command.ts';

/** A flag as the name of an argument, where dashes cannot be. */
const argumentOf = (flag: string) => flag.replaceAll('-', '_');

/** The options for these flags, in the words of the table of settings. */
export function settingOptions(flags: readonly string[]) {
	const rows = settingRows.filter(({ flag }) => flag !== null && flags.includes(flag));
	return Object.fromEntries(
		rows.map(({ flag, value, about, fallback, name }) => {
			const words = `${about} (${name}, ${fallback})`;
			return [argumentOf(flag ?? name), value === null ? toggle(words) : option(value, words)];
		}),
	);
}

/** Options of every command that asks the catalog or the Hub. */
export const machineFlags = ['home', 'endpoint', 'cache', 'offline', 'proxy'];

/** The environment with the given options in place of what they stand for. */
export function withOptions(env: NodeJS.ProcessEnv, args: Readonly<Record<string, unknown>>): NodeJS.ProcessEnv {
	const merged = { ...env };
	for (const { flag, name } of settingRows) {
		const value = flag === null ? undefined : args[argumentOf(flag)];
		if (typeof value === 'string') merged[name] = value;
		if (value === true) merged[name] = '1';
	}
	return merged;
}

// Every setting of the environment as the settings page shows it: what holds, what sets it, and never a secret.
import { formatCount } from '#lib/core/format.ts';
import type { Settings, SettingRow } from '#lib/server/config.ts';
import { settingRows } from '#lib/server/config.ts';
import { publicAddress } from '#lib/server/health.ts';

/** One setting. `value` is in words or figures for people; `isGiven`: it was set, and is not as usual. */
export interface ShownSetting {
	variable: string;
	flag: string | null;
	about: string;
	value: string;
	isGiven: boolean;
}

/** A setting's value by its variable; what is not here is shown as its usual words. */
function valuesOf(settings: Settings): Readonly<Record<string, string>> {
	const { port, host, origin, home, key, registryFile, hubEndpoint, hubToken, hubTokenFrom } = settings;
	return {
		PORT: String(port),
		HOST: host,
		ORIGIN: origin ?? 'none',
		MODELDEX_HOME: home,
		MODELDEX_KEY: key === null ? 'none: whoever reaches this address may use it' : 'set, and asked for',
		MODELDEX_CONFIG: registryFile ?? 'none',
		MODELDEX_MAX_MODELS: settings.maxModels === null ? 'as many as fit' : formatCount(settings.maxModels),
		MODELDEX_LOG: settings.logFormat,
		MODELDEX_LOG_LEVEL: settings.logLevel,
		HF_ENDPOINT: publicAddress(hubEndpoint),
		HF_TOKEN: hubToken === null ? 'none' : `set, from ${hubTokenFrom ?? 'the environment'}`,
		HF_HUB_CACHE: settings.hubCache,
		HF_HUB_OFFLINE: settings.offline ? 'on: nothing is asked of the Hub' : 'off',
		HTTPS_PROXY: settings.proxy === null ? 'none' : publicAddress(settings.proxy),
	};
}

function sentence(text: string): string {
	return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`;
}

/** Settings that are shown as values alone where the variable is another's spelling, or means the terminal. */
const leftOut = new Set(['HF_TOKEN_PATH', 'HF_HOME', 'NO_COLOR']);

function shown(row: SettingRow, settings: Settings, values: Readonly<Record<string, string>>): ShownSetting {
	const { name, flag, about, fallback } = row;
	const told = flag === null ? undefined : settings.features.get(flag);
	const value = values[name] ?? (told === undefined ? fallback : typeof told === 'string' ? told : `${String(told)} %`);
	return { variable: name, flag, about: sentence(about), value, isGiven: settings.given.has(name) };
}

/** Every setting in the order of the README. */
export function settingsReport(settings: Settings): ShownSetting[] {
	const values = valuesOf(settings);
	return settingRows.filter(({ name }) => !leftOut.has(name)).map((row) => shown(row, settings, values));
}

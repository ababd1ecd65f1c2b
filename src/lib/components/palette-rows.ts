// The rows of the palette for what is typed: pages, what can be done, models, and where models are to run.
import type { Action } from '#lib/client/actions.svelte.ts';
import type { Place } from '#lib/client/place.svelte.ts';
import { themeChoices, type Theme } from '#lib/client/theme.svelte.ts';
import { verdictWords } from '#lib/components/fit-words.ts';
import { listActions } from '#lib/components/list-actions.ts';
import { pages } from '#lib/components/pages.ts';
import { formatBits, formatBytes, formatCount, formatParameters } from '#lib/core/format.ts';
import type { Device } from '#lib/core/hardware.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { contextSteps, formatContext } from '#lib/core/place.ts';
import { encodeId, isRepositoryId } from '#lib/core/repository.ts';
import { runtimeName, type RuntimeId } from '#lib/core/runtime.ts';
import type { PaletteRow } from '#lib/ui/palette-row.ts';

/** A row and what else people call it. */
interface Worded extends PaletteRow {
	words: string;
}

/** Do all typed words begin a word of the row? Nothing typed matches everything. */
export function matches(text: string, title: string, words = ''): boolean {
	const found = ` ${title} ${words}`.toLowerCase().replaceAll(/[^\p{L}\p{N}.]+/gu, ' ');
	return text
		.toLowerCase()
		.split(/[^\p{L}\p{N}.]+/u)
		.filter(Boolean)
		.every((word) => found.includes(` ${word}`));
}

interface Wide {
	text: string;
	place: Place;
	theme: Theme;
	actions: readonly Action[];
	/** Devices to choose from besides those of the place. */
	presets: readonly Device[];
	/** Takes a choice that the server keeps. */
	chooseDevice: (device: Device) => unknown;
	chooseRuntime: (runtime: RuntimeId | null) => unknown;
	copyLink: () => unknown;
	/** Opens the filters, the discovery and the like where they are not on offer. */
	goAndRun: (id: string) => unknown;
}

function actionRows({ actions, theme, copyLink, goAndRun }: Wide): Worded[] {
	const group = 'Actions';
	const offered = actions.map(({ id, title, words = '', keys, run }) => {
		return { id: `do-${id}`, group, title, words, ...(keys === undefined ? {} : { keys }), run };
	});
	const elsewhere = listActions
		.filter(({ id }) => !actions.some((action) => action.id === id))
		.map(({ id, title, words }) => ({ id: `do-${id}`, group, title, words, run: () => goAndRun(id) }));
	const themes = { light: 'Light theme', dark: 'Dark theme', system: 'System theme' };
	return [
		...offered,
		...elsewhere,
		{ id: 'do-copy', group, title: 'Copy the link to this page', words: 'share url address', run: copyLink },
		...themeChoices.map((choice) => ({
			id: `theme-${choice}`,
			group,
			title: themes[choice],
			words: 'colour color mode appearance',
			isCurrent: theme.choice === choice,
			run: () => theme.choose(choice),
		})),
	];
}

function placeRows({ place, presets, chooseDevice, chooseRuntime }: Wide): Worded[] {
	const group = 'Where it should run';
	const own = place.devices.map(({ id }) => id);
	const devices = [...place.devices, ...presets.filter(({ id }) => !own.includes(id))];
	const { runtime, context } = place.choice;
	return [
		...[null, ...place.runtimes.ids].map((id) => ({
			id: `runtime-${id ?? 'any'}`,
			group,
			title: `Runtime: ${id === null ? 'any' : runtimeName(id, place.runtimes)}`,
			words: 'run on engine',
			isCurrent: runtime === id,
			run: () => chooseRuntime(id),
		})),
		...contextSteps.map((tokens) => ({
			id: `context-${tokens}`,
			group,
			title: `Context: ${formatContext(tokens)}`,
			words: 'tokens window length',
			isCurrent: context === tokens,
			run: () => place.choose({ context: tokens }),
		})),
		...devices.map((device) => ({
			id: `device-${device.id}`,
			group,
			title: `Device: ${device.name}`,
			words: 'machine gpu card memory',
			detail: formatBytes(device.memory_bytes),
			isCurrent: place.device?.id === device.id,
			run: () => chooseDevice(device),
		})),
	];
}

/** What else people call a page, by its address. */
const pageWords: Readonly<Record<string, string>> = {
	'/models': 'list catalog home search',
	'/models?source=mine': 'my local library',
	'/discover': 'scan hub chat models live',
	'/classify': 'label lab sort texts files categories calibrate',
	'/downloads': 'queue transfers fetch get',
	'/local': 'local disk space duplicates remove folders inventory',
	'/compare': 'side by side',
	'/registry': 'providers tiers routes gateway keys yaml v1 cost',
	'/telemetry': 'telemetry counts runs features flags',
	'/settings': 'preferences options token folders export import',
	'/about': 'version licences licenses help',
};

/** Rows of one kind that a list of everything has room for. */
const mostOfPlace = 6;

/** Pages, actions and places that match; nothing typed shows the first two. */
export function fixedRows(wide: Wide): PaletteRow[] {
	const { text } = wide;
	const toPages = pages.map(({ href, name }) => ({
		id: `go-${href}`,
		group: 'Pages',
		title: name,
		words: pageWords[href] ?? '',
		href,
	}));
	const fits = ({ title, words }: Worded) => matches(text, title, words);
	const near = text.trim().length < 2 ? [] : placeRows(wide).filter(fits).slice(0, mostOfPlace);
	return [...[...toPages, ...actionRows(wide)].filter(fits), ...near];
}

function modelDetail(entry: ModelEntry, place: Pick<Place, 'fit'>): string {
	const fit = place.fit(entry);
	return [
		entry.parameters_total === null ? null : formatParameters(entry.parameters_total),
		entry.quantization_bits === null ? null : formatBits(entry.quantization_bits),
		fit === null || fit.verdict === 'unknown' ? null : verdictWords[fit.verdict],
	]
		.filter((part) => part !== null)
		.join(' · ');
}

interface Found {
	text: string;
	models: readonly ModelEntry[];
	total: number;
	isWaiting: boolean;
	place: Pick<Place, 'fit'>;
}

/** Models, the list of all that match, and the very model that was typed when the catalog does not have it. */
export function modelRows({ text, models, total, isWaiting, place }: Found): PaletteRow[] {
	const typed = text.trim();
	if (typed === '') return [];
	const group = 'Models';
	const rows: PaletteRow[] = models.map((entry) => ({
		id: `model-${entry.id}`,
		group,
		title: entry.id,
		isName: true,
		detail: modelDetail(entry, place),
		href: `/models/${encodeId(entry.id)}`,
	}));
	const isName = typed.includes('/') && isRepositoryId(typed);
	if (isName && !isWaiting && !models.some(({ id }) => id.toLowerCase() === typed.toLowerCase())) {
		rows.push({ id: 'ask-hub', group, title: `Ask the Hub for ${typed}`, href: `/models/${encodeId(typed)}` });
	}
	const address = `/models?${new URLSearchParams({ q: typed, source: 'all' })}`;
	if (total > models.length) {
		rows.push({ id: 'all-models', group, title: `All ${formatCount(total)} models for “${typed}”`, href: address });
	}
	return rows;
}

// Figures, sizes and dates as people read them: the one formatter of pages and command line, the same in every locale.

let figures: Intl.NumberFormat | null = null;

/** With separators, two decimals at most. What formats is made at the first figure: that takes 20 ms, a third of a start of Node. */
function grouped(value: number): string {
	figures ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
	return figures.format(value);
}
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A number with thousands separators and at most two decimals: `40,960`. */
export function formatCount(value: number): string {
	return grouped(value);
}

/** Three significant digits at most, a unit step up when rounding reaches 1,000: 999.96 of one unit is 1 of the next. */
function scaled(value: number, step: number, units: readonly string[]): string {
	let rest = value;
	let unit = 0;
	for (;;) {
		const shown = rest < 100 ? Math.round(rest * 10) / 10 : Math.round(rest);
		if (shown < step || unit === units.length - 1) return `${grouped(shown)}${units[unit]}`;
		rest /= step;
		unit += 1;
	}
}

/** A parameter count in decimal units, as model names write it: `8.2B`, `596M`, `671B`. */
export function formatParameters(count: number): string {
	return scaled(count, 1000, ['', 'K', 'M', 'B', 'T']);
}

/** A count of people's actions, shortened: `11.1M`, `1.1k`, `312`. */
export function formatCompact(count: number): string {
	return scaled(count, 1000, ['', 'k', 'M', 'B']);
}

/** Bytes in binary units: `5.9 GiB`. Pair it with `formatDecimalBytes` where both readings matter. */
export function formatBytes(bytes: number): string {
	return scaled(bytes, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
}

/** Bytes in decimal units, for tooltips beside the binary ones: `6.3 GB`. */
export function formatDecimalBytes(bytes: number): string {
	return scaled(bytes, 1000, [' B', ' kB', ' MB', ' GB', ' TB']);
}

function datePart(iso: string): { year: string; month: string; day: number | null } | null {
	const match = /^(\d{4})-(\d{2})(?:-(\d{2}))?/.exec(iso);
	const month = months[Number(match?.[2]) - 1];
	if (!match?.[1] || month === undefined) return null;
	return { year: match[1], month, day: match[3] === undefined ? null : Number(match[3]) };
}

/** Month and year of an ISO date or time, in UTC: `Apr 2025`. Null when the text is no date. */
export function formatMonth(iso: string): string | null {
	const part = datePart(iso);
	return part === null ? null : `${part.month} ${part.year}`;
}

/** The day of an ISO date or time, in UTC, as exact as it is known: `28 Apr 2025`. Null when the text is no date. */
export function formatDay(iso: string): string | null {
	const part = datePart(iso);
	if (part === null) return null;
	return part.day === null ? `${part.month} ${part.year}` : `${part.day} ${part.month} ${part.year}`;
}

const ages: readonly [limitSeconds: number, unitSeconds: number, name: string][] = [
	[3600, 60, 'minute'],
	[86_400, 3600, 'hour'],
	[30 * 86_400, 86_400, 'day'],
	[365 * 86_400, 30 * 86_400, 'month'],
	[Infinity, 365 * 86_400, 'year'],
];

/** How long ago an ISO time was, in one rounded-down unit: `3 days ago`; `just now` under a minute or in the future. */
export function formatAge(iso: string, nowMs: number): string | null {
	const then = Date.parse(iso);
	if (Number.isNaN(then)) return null;
	const seconds = (nowMs - then) / 1000;
	if (seconds < 60) return 'just now';
	const [, unit, name] = ages.find(([limit]) => seconds < limit) ?? [0, 60, 'minute'];
	const count = Math.floor(seconds / unit);
	return `${count} ${name}${count === 1 ? '' : 's'} ago`;
}

/** A duration in two units at most: `120 ms`, `1.2 s`, `3 min 5 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
	if (ms < 999.5) return `${Math.round(ms)} ms`;
	if (ms < 59_950) return `${Math.round(ms / 100) / 10} s`;
	const seconds = Math.round(ms / 1000);
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
	return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How quantization methods write themselves; a method not listed is shown as its config spells it. */
const methodNames: Record<string, string> = {
	mlx: 'MLX',
	gptq: 'GPTQ',
	awq: 'AWQ',
	gguf: 'GGUF',
	fp8: 'FP8',
	mxfp4: 'MXFP4',
	nvfp4: 'NVFP4',
	modelopt: 'ModelOpt',
	aqlm: 'AQLM',
	hqq: 'HQQ',
	eetq: 'EETQ',
	exl2: 'EXL2',
	exl3: 'EXL3',
	vptq: 'VPTQ',
	spqr: 'SpQR',
	higgs: 'HIGGS',
	bitnet: 'BitNet',
	torchao: 'torchao',
};

/** A quantization method as it is usually written: `MLX`, `GPTQ`, `bitsandbytes`. */
export function formatMethod(method: string): string {
	return methodNames[method.toLowerCase()] ?? method;
}

/** Bits per weight: `4-bit`, `3.5-bit`. */
export function formatBits(bits: number): string {
	return `${grouped(bits)}-bit`;
}

// `modeldex registry check|show|simulate|usage`: the registry file before, and its routes after, anybody is asked.
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import type { Finding } from '#lib/core/registry/validate.ts';
import { quoted } from '#lib/core/repository.ts';
import type { GroupFigures, SimulationReport, TierView, UsageReport } from '#lib/core/registry/view.ts';
import { command, list, option, optional, type Command } from './command.ts';
import { wholeNumber } from './classify-input.ts';
import { settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

const settings = settingOptions(['home', 'config']);
/** Exit code of a check that found an error. */
const errorCode = 3;

function showFindings(file: string, findings: readonly Finding[], terminal: Terminal): void {
	const marks = { error: strong('error  '), warning: 'warning', info: quiet('info   ') };
	for (const { level, path, message, line, column } of findings) {
		const [folder, name] = path;
		const place = line === null ? '' : `${folder === 'users' ? `users/${name}` : file}:${line}:${column ?? 1} `;
		terminal.line(marks[level], '  ', place, path.join('.'), path.length === 0 ? '' : ': ', message);
	}
}

const checkCommand = command({
	name: 'registry check',
	summary: 'check the registry file, and that every candidate can be asked',
	args: z.strictObject({ file: optional('file', 'another file than the one that is set'), ...settings }),
	run: async ({ file, ...args }, terminal) => {
		const { checkFile } = await import('#lib/server/registry/check.ts');
		const { settingsOf } = await import('#lib/server/environment.ts');
		const { ownRegistryFile } = await import('#lib/server/registry/registry-file.ts');
		const { withOptions } = await import('./settings.ts');
		const known = settingsOf(withOptions(terminal.env, args));
		const path = file ?? known.registryFile ?? ownRegistryFile(known.home);
		const result = checkFile(path, { env: terminal.env, home: known.home });
		const code = result.valid ? 0 : errorCode;
		if (terminal.json) {
			terminal.document(result);
			return code;
		}
		for (const { file: name, line, column, path: at, message } of result.faults) {
			const place = line === null ? name : `${name}:${line}:${column ?? 1}`;
			terminal.line(strong('error  '), '  ', place, ' ', at === '' ? '' : `${at}: `, message);
		}
		showFindings(path, result.findings, terminal);
		terminal.line(result.valid ? 'The registry file is in order.' : 'The registry file has errors.');
		return code;
	},
});

function showTier({ name, strategy, candidates }: TierView, prefix: string, terminal: Terminal): void {
	terminal.line(strong(`${prefix}${name}`), `  ${strategy}`);
	for (const { name: candidate, unusable, breaker, price } of candidates) {
		const state = unusable ?? (breaker === null || breaker.state === 'closed' ? 'ready' : breaker.state);
		const cost = price === null ? 'price unknown' : `$${price.input} in, $${price.output} out per million tokens`;
		terminal.line(`  ${candidate}  ${state}  `, quiet(cost));
	}
}

const showCommand = command({
	name: 'registry show',
	summary: 'show providers, tiers and experiments as they are in force',
	args: z.strictObject({
		spec: optional('spec', 'one spec: who would be asked, and why somebody would not'),
		...settings,
	}),
	run: async ({ spec, ...args }, terminal) => {
		const { withApp } = await import('./machine.ts');
		const { registryView } = await import('#lib/server/registry/overview.ts');
		return withApp(args, terminal, ({ routing, userId }) => {
			const { registry, router, rollout } = routing;
			if (spec !== undefined) {
				const plan = registry.plan(spec, { user: userId, mayActAs: true });
				const { route, strategy, candidates, notes, totalMs } = plan;
				if (terminal.json) terminal.document({ plan });
				else {
					terminal.line(strong(route), `  ${strategy}, ${totalMs} ms`);
					for (const { name, unusable } of candidates) terminal.line(`  ${name}  ${unusable ?? 'ready'}`);
					for (const note of notes) terminal.note(note);
				}
				return Promise.resolve(0);
			}
			const view = registryView({ registry, breakers: router.breakers, rollout });
			if (terminal.json) {
				terminal.document(view);
				return Promise.resolve(0);
			}
			if (view.state.degraded !== null) terminal.note('The file is broken now; the last good one is in force.');
			for (const { name, type, base_url, enabled, has_key, key_variable } of view.providers) {
				const key = key_variable === null ? 'no key needed' : `${key_variable} ${has_key ? 'is set' : 'is not set'}`;
				terminal.line(strong(name), `  ${type}  ${base_url ?? ''}  `, quiet(enabled ? key : 'switched off'));
			}
			for (const tier of view.tiers) showTier(tier, 'tier:', terminal);
			for (const tier of view.experiments) showTier(tier, 'experiment ', terminal);
			if (view.tiers.length + view.providers.length === 0)
				terminal.note('The registry is empty: its page makes a file to begin with, or set MODELDEX_CONFIG.');
			return Promise.resolve(0);
		});
	},
});

const milliseconds = (ms: number | null) => (ms === null ? 'unknown' : `${Math.round(ms).toLocaleString('en')} ms`);

/** A sum of costs; what nobody knows is never part of it as zero. */
function costWords(usd: number, unpriced: number): string {
	if (unpriced === 0) return `$${usd.toFixed(6)}`;
	return `${usd === 0 ? 'cost unknown' : `$${usd.toFixed(6)} and more`}, ${unpriced} unpriced`;
}

function showSimulation(report: SimulationReport, terminal: Terminal): void {
	const { spec, strategy, requests, succeeded, failed, served, codes, attempts } = report;
	terminal.line(strong(spec), `  ${strategy ?? ''}: ${succeeded} of ${requests} answered, ${failed} failed`);
	terminal.line(
		`  p50 ${milliseconds(report.p50_ms)}, p95 ${milliseconds(report.p95_ms)}, p99 ${milliseconds(report.p99_ms)}`,
	);
	terminal.line(
		`  first content p50 ${milliseconds(report.first_content_p50_ms)}, p95 ${milliseconds(report.first_content_p95_ms)}`,
	);
	if (report.unpriced === report.requests) terminal.line('  cost unknown');
	else
		terminal.line(
			`  cost $${report.cost_usd.toFixed(6)}, of which $${report.wasted_usd.toFixed(6)} for answers nobody got`,
		);
	if (report.unpriced > 0) terminal.line(`  ${report.unpriced} requests with a price that nobody knows`);
	for (const { candidate, sent, won, lost, failed: bad, skipped } of attempts) {
		terminal.line(`  ${candidate}: ${sent} sent, ${won} won, ${lost} lost, ${bad} failed, ${skipped} skipped`);
	}
	for (const [code, count] of Object.entries(codes)) terminal.line(`  ${count} × ${code}`);
	for (const { scope, share } of report.budget_alerts) terminal.line(`  ${share} % of the limit of ${scope} passed`);
	if (Object.keys(served).length === 0) terminal.line('  Nobody answered.');
}

async function scriptOf(path: string): Promise<unknown> {
	const { readFile } = await import('node:fs/promises');
	const { parseJson, requestLimits } = await import('#lib/core/json.ts');
	try {
		return parseJson(await readFile(path, 'utf8'), requestLimits);
	} catch (cause) {
		if (cause instanceof Failure) throw cause;
		throw new Failure('usage', 'The file of the simulation cannot be read.', { cause });
	}
}

/** Throws `usage` for a candidate that the route does not have: what is said about it would have no effect. */
function checkCandidates(names: readonly string[], candidates: readonly { name: string }[]): void {
	const known = candidates.map(({ name }) => name);
	const lost = names.find((name) => !known.includes(name));
	if (lost !== undefined)
		throw new Failure('usage', `This route has no candidate "${quoted(lost)}"; there are ${known.join(', ')}.`);
}

const simulateCommand = command({
	name: 'registry simulate',
	summary: 'run a route on simulated time: who answers, how fast, for how much; nobody is asked',
	args: z.strictObject({
		spec: optional('spec', 'the spec to ask for; the default tier when left out'),
		script: option('file', 'JSON with how candidates behave, as POST /api/registry/simulate takes it'),
		slow: list('candidate', 'a candidate that takes five seconds to begin'),
		down: list('candidate', 'a candidate that answers every call with 503'),
		limited: list('candidate', 'a candidate that answers every call with 429'),
		stalled: list('candidate', 'a candidate that never says anything'),
		requests: option('number', 'how many requests; 100 unless told'),
		seed: option('number', 'another run of chance'),
		replay: option('id', 'go through a recorded request again'),
		...settings,
	}),
	run: async ({ spec, script, slow, down, limited, stalled, requests, seed, replay, ...args }, terminal) => {
		const { simulationSchema } = await import('#lib/server/registry/simulator.ts');
		const given = script === undefined ? {} : await scriptOf(script);
		const base = typeof given === 'object' && given !== null ? given : {};
		const every = (kind: string) => ({ failures: [{ class: kind, share: 1 }] });
		const alike = (names: string[], behaviour: object) => names.map((name) => [name, behaviour] as const);
		const candidates = {
			...('candidates' in base && typeof base.candidates === 'object' ? base.candidates : {}),
			...Object.fromEntries([
				...alike(slow, { first_content_ms: 5000 }),
				...alike(down, every('overloaded')),
				...alike(limited, every('rate_limit')),
				...alike(stalled, { stalls: 1 }),
			]),
		};
		const whole = {
			...base,
			candidates,
			...(spec === undefined ? {} : { spec }),
			...(requests === undefined ? {} : { requests: wholeNumber('requests', requests, { least: 1, most: 1000 }) }),
			...(seed === undefined ? {} : { seed: wholeNumber('seed', seed, { least: 0, most: 4_294_967_295 }) }),
			...(replay === undefined ? {} : { replay }),
		};
		const parsed = simulationSchema.safeParse(whole);
		if (!parsed.success) {
			const [issue] = parsed.error.issues;
			throw new Failure('usage', `${issue?.path.join('.') ?? 'The simulation'}: ${issue?.message ?? 'is not right'}.`);
		}
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async ({ routing, userId }, signal) => {
			const named = [...slow, ...down, ...limited, ...stalled];
			if (named.length > 0 && replay === undefined && parsed.data.config === undefined)
				checkCandidates(named, routing.registry.plan(parsed.data.spec, { user: userId, mayActAs: true }).candidates);
			const report = await routing.simulate(parsed.data, signal);
			if (terminal.json) terminal.document(report);
			else showSimulation(report, terminal);
			return 0;
		});
	},
});

function showGroup(title: string, groups: readonly GroupFigures[], terminal: Terminal): void {
	if (groups.length === 0) return;
	terminal.line(strong(title));
	for (const { name, requests, failures, p50_ms, p95_ms, cost_usd, unpriced } of groups) {
		const times = `p50 ${milliseconds(p50_ms)}, p95 ${milliseconds(p95_ms)}`;
		terminal.line(`  ${name}: ${requests}, ${failures} failed, ${times}, ${costWords(cost_usd, unpriced)}`);
	}
}

function showUsage(report: UsageReport, terminal: Terminal): void {
	showGroup(`Last ${report.hours} hours`, [report.total], terminal);
	showGroup('Routes', report.routes, terminal);
	showGroup('Models', report.models, terminal);
	showGroup('Users', report.users, terminal);
	showGroup('Keys', report.keys, terminal);
	for (const { scope, window, spent, unit } of report.budgets) {
		const amount = unit === 'nano_usd' ? `$${(spent / 1e9).toFixed(6)}` : `${spent} requests`;
		terminal.line(`  ${scope}: ${amount} spent this ${window}`);
	}
	for (const { scope, share, at } of report.alerts) terminal.line(`  ${share} % of the limit of ${scope} at ${at}`);
}

const usageCommand = command({
	name: 'registry usage',
	summary: 'tell what was routed: how much, how fast, for how much money',
	args: z.strictObject({ hours: option('number', 'how far back; 24 unless told'), ...settings }),
	run: async ({ hours, ...args }, terminal) => {
		const { parseHours } = await import('#lib/server/registry/questions.ts');
		const asked = parseHours(new URLSearchParams(hours === undefined ? {} : { hours }));
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, ({ routing }) => {
			const report = routing.figures.report(asked);
			if (terminal.json) terminal.document(report);
			else showUsage(report, terminal);
			return Promise.resolve(0);
		});
	},
});

/** The commands about the registry itself. */
export const registryCommands: readonly Command[] = [checkCommand, showCommand, simulateCommand, usageCommand];

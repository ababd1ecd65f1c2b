// Checks a registry file and the users' files beside it without taking them: every fault with its place.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { modelsConfigSchema, userConfigSchema } from '#lib/core/registry/config.ts';
import { checkConfig, type Finding } from '#lib/core/registry/validate.ts';
import { readSmallFile } from '#lib/server/registry/registry-file.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import type { FileFault } from '#lib/core/registry/view.ts';
import { placed, readYaml } from '#lib/server/registry/yaml.ts';

/** What a check found. `valid` is false as soon as there is one fault or one finding of level `error`. */
export interface FileCheck {
	file: string;
	valid: boolean;
	faults: FileFault[];
	findings: Finding[];
}

interface Place {
	env: Readonly<Record<string, string | undefined>>;
	/** Data directory, whose users' files are checked too. */
	home: string;
}

function userFiles(home: string): string[] {
	try {
		return readdirSync(join(home, 'users')).filter((name) => /\.ya?ml$/.test(name));
	} catch {
		return []; // there is no such folder: nobody has a file
	}
}

/** The text of a file to check. Throws `usage` when there is none. */
function textOf(path: string): string {
	try {
		const text = readSmallFile(resolve(path));
		if (text !== null) return text;
	} catch (cause) {
		const why = cause instanceof Error ? ` ${cause.message}` : '';
		throw new Failure('usage', `The file ${path} cannot be read.${why}`, { cause });
	}
	throw new Failure('usage', `There is no file ${path}.`);
}

/** Checks a file, and the experiments of users against its providers. Throws `usage` when it cannot be read. */
export function checkFile(path: string, { env, home }: Place): FileCheck {
	const read = readYaml(path, textOf(path), modelsConfigSchema);
	if (read.value === null) return { file: path, valid: false, faults: read.faults, findings: [] };
	const { value, placeOf } = read;
	const around = surroundings(env);
	const findings = placed(checkConfig(value, around), placeOf);
	const broken: FileFault[] = [];
	for (const name of userFiles(home)) {
		const own = readYaml(join('users', name), textOf(join(home, 'users', name)), userConfigSchema);
		if (own.value === null) broken.push(...own.faults);
		else {
			const { experiments } = own.value;
			const found = checkConfig({ ...value, tiers: {}, aliases: {}, defaults: {}, experiments }, around);
			const theirs = placed(found, own.placeOf).filter(({ path: at }) => at[0] === 'experiments');
			findings.push(...theirs.map((finding) => ({ ...finding, path: ['users', name, ...finding.path] })));
		}
	}
	const valid = broken.length === 0 && !findings.some(({ level }) => level === 'error');
	return { file: path, valid, faults: broken, findings };
}

// Images and services are written to be built elsewhere; what makes them safe and whole is held here, line by line.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readSettings, settingRows } from '#lib/server/config.ts';
import { checkListener } from '#lib/server/guard.ts';
import { projectFolder } from '../support/built-server.ts';

const read = (name: string) => readFileSync(join(projectFolder, name), 'utf8');
const manifest = JSON.parse(read('package.json'));
const known = new Set(settingRows.map(({ name }) => name));

interface Instruction {
	word: string;
	rest: string;
}

/** Instructions of a Dockerfile, continued lines joined, comments left out. */
function instructions(text: string): Instruction[] {
	const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
	const joined = lines.join('\n').replaceAll(/\\\n\s*/g, ' ');
	return joined
		.split('\n')
		.filter((line) => line.trim() !== '')
		.map((line) => {
			const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
			return { word: word.toUpperCase(), rest };
		});
}

/** Variables of `A=1 B=2`. */
function variables(text: string): Record<string, string> {
	return Object.fromEntries([...text.matchAll(/(\w+)=(\S*)/g)].map(([, name = '', value = '']) => [name, value]));
}

describe('the Dockerfile', () => {
	const all = instructions(read('deploy/Dockerfile'));
	const of = (word: string) => all.filter((one) => one.word === word).map(({ rest }) => rest);
	const lastFrom = all.findLastIndex(({ word }) => word === 'FROM');
	const final = all.slice(lastFrom);
	const env = variables(
		final
			.filter(({ word }) => word === 'ENV')
			.map(({ rest }) => rest)
			.join(' '),
	);

	it('names whole versions of base images, ones that Modeldex runs on', () => {
		for (const image of of('FROM')) {
			const [, version = ''] = /^node:(\d+\.\d+\.\d+)-[a-z-]+( AS \w+)?$/.exec(image) ?? [];
			expect(image).toContain(version);
			const [major = 0, minor = 0] = version.split('.').map(Number);
			expect((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24).toBe(true);
		}
		expect(of('FROM')).toHaveLength(2);
	});

	it('installs from the lock file without running scripts of packages', () => {
		const installs = of('RUN').filter((line) => /npm (ci|install|prune)/.test(line));
		expect(installs.length).toBeGreaterThan(0);
		for (const line of installs) expect(line).toContain('--ignore-scripts');
		expect(installs.join()).not.toMatch(/npm install/);
	});

	it('runs as nobody special, with a health check and folders that outlive it', () => {
		const users = final.filter(({ word }) => word === 'USER').map(({ rest }) => rest);
		expect(users).toEqual(['node']);
		expect(final.findIndex(({ word }) => word === 'USER')).toBeLessThan(final.findIndex(({ word }) => word === 'CMD'));
		const [check = ''] = of('HEALTHCHECK');
		expect(check).toMatch(/--interval=\d+s --timeout=\d+s/);
		expect(check).toContain('/api/health');
		const volumes: string[] = JSON.parse(of('VOLUME')[0] ?? '[]');
		expect(volumes).toEqual([env.MODELDEX_HOME, env.HF_HOME]);
	});

	it('holds no secret, and refuses to start open to everyone', () => {
		expect(Object.keys(env).filter((name) => !known.has(name) && name !== 'NODE_ENV')).toEqual([]);
		expect(env).not.toHaveProperty('MODELDEX_KEY');
		expect(read('deploy/Dockerfile')).not.toMatch(/^(ARG|ENV).*(TOKEN|SECRET|PASSWORD)/m);
		const settings = readSettings(env, () => null);
		expect(() => checkListener(settings.host, settings.key)).toThrow(/without an API key/);
	});

	it('copies files that there are, and everything the package ships', () => {
		const copied = final
			.filter(({ word }) => word === 'COPY')
			.flatMap(({ rest }) => {
				return rest
					.split(' ')
					.filter((word) => word.startsWith('/src/'))
					.map((word) => word.slice('/src/'.length));
			});
		const made = new Set(['build', 'node_modules']);
		for (const path of copied)
			expect([path, made.has(path) || existsSync(join(projectFolder, path))]).toEqual([path, true]);
		for (const path of manifest.files.filter((name: string) => !name.startsWith('!'))) expect(copied).toContain(path);
		expect(JSON.parse(of('CMD')[0] ?? '[]')).toEqual(['node', 'bin/modeldex.js', 'serve']);
	});
});

const serviceSchema = z.object({
	init: z.literal(true),
	read_only: z.literal(true),
	cap_drop: z.tuple([z.literal('ALL')]),
	security_opt: z.array(z.string()),
	build: z.object({ context: z.string(), dockerfile: z.string() }),
	stop_grace_period: z.string(),
	ports: z.array(z.string()),
	environment: z.record(z.string(), z.string()),
	volumes: z.array(z.string()),
});

describe('the compose file', () => {
	const file = z
		.object({ services: z.object({ modeldex: serviceSchema }), volumes: z.record(z.string(), z.unknown()) })
		.parse(parse(read('deploy/compose.yaml')));
	const service = file.services.modeldex;

	it('is reachable from this machine only, and wants a key', () => {
		for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:3000$/);
		expect(service.environment.MODELDEX_KEY).toMatch(/^\$\{MODELDEX_KEY:\?/);
		expect(Object.keys(service.environment).filter((name) => !known.has(name))).toEqual([]);
	});

	it('gives the container nothing it does not need, and keeps its data', () => {
		expect(service.security_opt).toContain('no-new-privileges:true');
		const mounts = service.volumes.map((line) => line.split(':'));
		expect(mounts.map(([, at]) => at)).toEqual(['/data', '/models']);
		for (const [name = ''] of mounts) expect(Object.keys(file.volumes)).toContain(name);
		expect(existsSync(join(projectFolder, service.build.dockerfile))).toBe(true);
		expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThanOrEqual(2);
	});
});

describe('the unit of systemd', () => {
	const lines = read('deploy/modeldex.service')
		.split('\n')
		.filter((line) => /^\w+=/.test(line));
	const options = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
	const env = variables(
		lines
			.filter((line) => line.startsWith('Environment='))
			.map((line) => line.slice(12))
			.join(' '),
	);

	it('listens on loopback unless somebody sets a key and another address', () => {
		const settings = readSettings(env, () => null);
		expect(settings.host).toBe('127.0.0.1');
		expect(() => checkListener(settings.host, settings.key)).not.toThrow();
		expect(Object.keys(env).filter((name) => !known.has(name) && name !== 'NODE_ENV')).toEqual([]);
		expect(env).not.toHaveProperty('MODELDEX_KEY');
	});

	it.each([
		['DynamicUser', 'yes'],
		['NoNewPrivileges', 'yes'],
		['CapabilityBoundingSet', ''],
		['ProtectSystem', 'strict'],
		['ProtectHome', 'yes'],
		['PrivateTmp', 'yes'],
		['PrivateDevices', 'yes'],
		['ProtectKernelTunables', 'yes'],
		['ProtectKernelModules', 'yes'],
		['ProtectControlGroups', 'yes'],
		['RestrictNamespaces', 'yes'],
		['RestrictSUIDSGID', 'yes'],
		['LockPersonality', 'yes'],
		['SystemCallArchitectures', 'native'],
		['UMask', '0077'],
		['Restart', 'on-failure'],
	])('has %s=%s', (name, value) => {
		expect(options.get(name)).toBe(value);
	});

	it('does not forbid what the engine needs: JavaScript compiles itself as it runs', () => {
		expect(options.has('MemoryDenyWriteExecute')).toBe(false);
		expect(options.get('RestrictAddressFamilies')?.split(' ')).toEqual(['AF_INET', 'AF_INET6', 'AF_UNIX']);
	});

	it('keeps data where the service may write, and waits longer than a stop takes', () => {
		expect(env.MODELDEX_HOME).toBe(`/var/lib/${options.get('StateDirectory')}`);
		expect(Number(options.get('TimeoutStopSec'))).toBeGreaterThan(2);
	});
});

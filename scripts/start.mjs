// `npm start`: installs and builds what is missing, then serves; ends when npm ends, also when npm is killed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { build, isBuilt } from './build.mjs';
import { alone, checkNode, install, isAlive, isInstalled } from './setup.mjs';

/** The parent of a process; null when that cannot be told. @param {number} pid */
function parentOf(pid) {
	try {
		if (process.platform === 'linux') return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
		return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
	} catch {
		return null; // no such process, or no ps here
	}
}

/**
 * npm starts a shell that starts us, and tells neither when it is killed: whoever of the two is gone, nobody is left
 * who could stop this server by stopping npm.
 */
function endWithNpm() {
	const shell = process.ppid;
	const npm = parentOf(shell);
	const left = () => process.ppid !== shell || (npm !== null && npm > 1 && !isAlive(npm));
	setInterval(() => left() && process.kill(process.pid, 'SIGTERM'), 250).unref();
}

checkNode();
if (process.env.npm_lifecycle_event !== undefined) endWithNpm();
if (!isBuilt() || !isInstalled({ runtimeOnly: true })) {
	await alone(async () => {
		await install({ runtimeOnly: isBuilt() });
		await build();
	});
}
process.argv.splice(2, 0, 'serve');
await import('../bin/modeldex.js');

// A disk that refuses its n-th operation: stands in for node:fs/promises and hands everything else on to it.
import type * as Real from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

type Operation = (...args: unknown[]) => Promise<unknown>;

/** What the disk refuses with: a word of the system, or a write that takes half of what it is given. */
export type DiskFault = 'ENOSPC' | 'EIO' | 'EMFILE' | 'EACCES' | 'EROFS' | 'EINTR' | 'short write';

interface Armed {
	root: string;
	at: number;
	fault: DiskFault;
}

let armed: Armed | null = null;
let calls = 0;
let hit: string | null = null;

/** From now on operation number `at` (from 1) on anything below `root` meets the fault. */
export function arm(next: Armed): void {
	armed = next;
	calls = 0;
	hit = null;
}

/** Ends it; gives the name of the operation that met the fault, null when there were not so many. */
export function disarm(): string | null {
	armed = null;
	return hit;
}

function refused(name: string, path: string, code: DiskFault): Error {
	const error = new Error(`${code}: refused for a test, ${name} '${path}'`);
	return Object.assign(error, { code, errno: -1, syscall: name, path });
}

/** Counts an operation: is it the one that meets the fault? */
function meets(name: string, path: string): DiskFault | null {
	if (armed === null || !path.startsWith(armed.root)) return null;
	const isWrite = name === 'write' || name === 'writev';
	if (armed.fault === 'short write' && !isWrite) return null;
	calls += 1;
	if (calls !== armed.at) return null;
	hit = name;
	return armed.fault;
}

/** What is left of the arguments of a write that takes only half of the bytes, and at least one. */
function halved(name: string, [data, offset, length, at]: unknown[]): unknown[] {
	if (name === 'write') return [data, offset, Math.max(1, Math.floor(Number(length) / 2)), at];
	const whole = Buffer.concat(Array.isArray(data) ? data : []);
	return [[whole.subarray(0, Math.max(1, whole.length >> 1))], offset];
}

const ofHandles = ['read', 'write', 'writev', 'truncate', 'datasync', 'sync', 'stat', 'close'];

/** An open file whose operations are counted, too. One that is refused its closing is closed all the same. */
function counted(handle: FileHandle, path: string): FileHandle {
	for (const name of ofHandles) {
		const real: Operation = Reflect.get(handle, name).bind(handle);
		const operation: Operation = async (...args) => {
			const fault = meets(name, path);
			if (fault === 'short write') return real(...halved(name, args));
			if (fault !== null && name === 'close') await real();
			if (fault !== null) throw refused(name, path, fault);
			return real(...args);
		};
		Reflect.set(handle, name, operation);
	}
	return handle;
}

const ofPaths = ['access', 'copyFile', 'link', 'lstat', 'mkdir', 'open', 'readFile', 'readlink', 'realpath', 'rename'];
ofPaths.push('stat', 'symlink', 'unlink', 'writeFile');

/** The module with every operation counted. The path of a link is the one that is made. */
export function faultyDisk(real: typeof Real): typeof Real {
	const wrapped: Record<string, unknown> = { ...real };
	for (const name of ofPaths) {
		const operation: Operation = Reflect.get(real, name);
		wrapped[name] = async (...args: unknown[]) => {
			const path = String(name === 'symlink' || name === 'link' ? args[1] : args[0]);
			const fault = meets(name, path);
			if (fault !== null) throw refused(name, path, fault);
			const result = await operation(...args);
			return name === 'open' ? counted(result as FileHandle, path) : result;
		};
	}
	return { ...real, ...wrapped };
}

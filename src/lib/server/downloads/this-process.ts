// This process as others see it: its number, the machine it counts on, and whether others with such numbers live.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import type { Identity } from '#lib/server/downloads/owner.ts';

function attempt(read: () => string): string {
	try {
		return read().trim();
	} catch {
		return ''; // not on this system
	}
}

/** The number of the machine's start; where nobody tells it, the minute of it, as far as its clock is right. */
function bootOf(): string {
	const told = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
	return told === '' ? `started-${Math.round((Date.now() / 1000 - uptime()) / 60)}` : told;
}

/** Sends nothing: asks whether there is such a process. One of another user answers, too. */
function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return error instanceof Error && 'code' in error && error.code === 'EPERM';
	}
}

/** This process, under a token nobody else has. Containers that share a name count their processes by themselves. */
export function thisProcess(token: string): Identity {
	const host = `${hostname()} ${attempt(() => readlinkSync('/proc/self/ns/pid'))}`.trim();
	return { token, pid: process.pid, host, boot: bootOf(), isAlive };
}

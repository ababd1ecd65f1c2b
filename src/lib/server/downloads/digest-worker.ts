// The worker thread that computes digests: reads open files behind their writers, so that hashing costs them nothing.
import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestOrder, DigestReply } from '#lib/server/downloads/digest-order.ts';

interface Job {
	fd: number;
	hash: Hash;
	at: number;
	upTo: number;
	isLast: boolean;
}

const jobs = new Map<number, Job>();
/** Small enough to stay in a processor's own cache between the reading and the hashing. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024);
/** Bytes of one file before the next one has its turn. */
const turnBytes = 32 * 1024 * 1024;
let isBusy = false;

function reply(message: DigestReply): void {
	parentPort?.postMessage(message);
}

/** Reads one turn's bytes. A file that is shorter than announced ends the job. */
function turn(id: number, job: Job): void {
	const until = Math.min(job.upTo, job.at + turnBytes);
	while (job.at < until) {
		const read = readSync(job.fd, buffer, 0, Math.min(buffer.length, until - job.at), job.at);
		if (read === 0) throw new Error('The file is shorter than was announced.');
		job.hash.update(buffer.subarray(0, read));
		job.at += read;
	}
	if (!job.isLast || job.at < job.upTo) return;
	jobs.delete(id);
	reply({ id, digest: job.hash.digest('hex') });
}

function work(): void {
	let left = false;
	for (const [id, job] of jobs) {
		try {
			turn(id, job);
		} catch (error) {
			jobs.delete(id);
			reply({ id, error: error instanceof Error ? error.message : 'unknown' });
		}
		if (jobs.has(id) && job.at < job.upTo) left = true;
	}
	isBusy = left;
	if (left) setImmediate(work);
}

parentPort?.on('message', (order: DigestOrder) => {
	const { id } = order;
	const job = jobs.get(id);
	if (order.op === 'begin') {
		const hash = createHash(order.algorithm).update(order.prefix);
		jobs.set(id, { fd: order.fd, hash, at: 0, upTo: 0, isLast: false });
	} else if (order.op === 'drop') {
		jobs.delete(id);
		reply({ id, digest: '' });
	} else if (job !== undefined) {
		job.upTo = Math.max(job.upTo, order.upTo);
		job.isLast = order.op === 'end';
		if (isBusy) return;
		isBusy = true;
		setImmediate(work);
	}
});

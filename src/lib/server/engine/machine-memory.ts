// How much memory a model may still take on this machine: what the system says is available, within a container's limit.
import { freemem } from 'node:os';

/** Bytes that could be taken now without swapping, as the system and its limits tell it. */
export function availableMemory(): number {
	// Node 20.13 and 22 know this one; it counts what the system would give back, and the limit of a container.
	const available = typeof process.availableMemory === 'function' ? process.availableMemory() : freemem();
	return Math.max(0, available);
}

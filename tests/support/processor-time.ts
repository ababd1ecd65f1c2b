// How much work something is, for tests of "at once": the processor's time, which other programs on the machine do not use up.

/** Milliseconds of the processor that the work took in this process. */
export function processorMs(work: () => void): number {
	const before = process.cpuUsage();
	work();
	const { user, system } = process.cpuUsage(before);
	return (user + system) / 1000;
}

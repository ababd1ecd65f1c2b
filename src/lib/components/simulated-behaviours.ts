// How a candidate can be made to behave in a simulation, in words and as the server takes it.

interface Behaviour {
	value: string;
	label: string;
	/** The script of the simulation. */
	script: object;
}

const failing = (kind: string, share = 1) => ({ failures: [{ class: kind, share }] });

/** The behaviours, the usual one first. */
export const behaviours: readonly Behaviour[] = [
	{ value: 'usual', label: 'Answers as usual', script: {} },
	{ value: 'slow', label: 'Slow: five seconds to begin', script: { first_content_ms: 5000 } },
	{ value: 'uneven', label: 'Uneven: one in twenty is slow', script: { first_content_ms: { p50: 400, p95: 4000 } } },
	{ value: 'limited', label: 'Says 429 every time', script: failing('rate_limit') },
	{ value: 'half', label: 'Says 429 half of the time', script: failing('rate_limit', 0.5) },
	{ value: 'down', label: 'Is down (503)', script: failing('overloaded') },
	{ value: 'stalled', label: 'Stalls: never says anything', script: { stalls: 1 } },
	{ value: 'midway', label: 'Stalls in mid-answer', script: { stalls_midway: 1 } },
	{ value: 'outage', label: 'Is down for the first 20 seconds', script: { outage: { from_ms: 0, to_ms: 20_000 } } },
];

/** The script behind a value; the usual one for a value nobody knows. */
export function scriptOf(value: string): object {
	return behaviours.find((one) => one.value === value)?.script ?? {};
}

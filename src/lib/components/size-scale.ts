// The size slider's scale: 100 logarithmic steps from 10 million to one trillion parameters, open at both ends.

/** Steps of the scale; 0 means "from the smallest" and the last one "to the largest". */
export const sizeSteps = 100;
const lowest = 7;
const decades = 5;

/** Parameters a step stands for, in two significant digits as people write sizes. */
export function sizeAt(step: number): number {
	const exact = 10 ** (lowest + (decades * step) / sizeSteps);
	const unit = 10 ** (Math.floor(Math.log10(exact)) - 1);
	return Math.round(exact / unit) * unit;
}

/** The step nearest to a parameter count; counts beyond the scale sit at its ends. */
export function stepOf(parameters: number): number {
	const step = ((Math.log10(Math.max(parameters, 1)) - lowest) / decades) * sizeSteps;
	return Math.min(sizeSteps, Math.max(0, Math.round(step)));
}

// Motion only where it is welcome.

/** Milliseconds of an animation: none where the system asks for reduced motion. Call it when the animation starts. */
export function motionMs(ms: number): number {
	return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : ms;
}

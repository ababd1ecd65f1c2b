// The fixed choices of filters as plain lists, so that the browser knows them without carrying a schema library.

/** What a model is; whether a runtime knows it and whether it fits a device are separate facts. */
export const classifications = ['gen', 'encoder', 'unknown', 'auth-protected'] as const;

/** Quantization as people filter by it: bits, or `fp16` (not quantized, 16-bit dtype), `other` (fp32 …), `unknown`. */
export const quantizationChoices = ['2', '3', '4', '5', '6', '8', 'fp16', 'other', 'unknown'] as const;

/**
 * How sure it is that a runtime runs a model. `none`: its own lists rule the model out; `low`: something that decides is
 * not known.
 */
export const runtimeConfidences = ['none', 'low', 'medium', 'high'] as const;

/**
 * How a device computes. `unified`: one memory for processor and graphics other than Apple's (`metal`); `xpu`: Intel's
 * graphics; `other`: an amount of memory that somebody named, all of which counts.
 */
export const accelerators = ['cpu', 'cuda', 'rocm', 'xpu', 'metal', 'unified', 'other'] as const;
export type Accelerator = (typeof accelerators)[number];

/** Where a device is from: found on this machine, typed in by a person, or chosen from the table. */
export const deviceKinds = ['detected', 'entered', 'preset'] as const;

// How large a model is, in classes to filter by: by its parameters, and, apart from that, by the bytes of its weights.

/** Classes by parameters; `unknown` is one too. A smaller file of the same model is in the same class. */
export const sizeClasses = ['small', 'medium', 'large', 'huge', 'unknown'] as const;
export type SizeClass = (typeof sizeClasses)[number];

/** Classes by the bytes of the weights as they are packed, in decimal gigabytes, each up to and with its upper end. */
export const weightClasses = ['to-4gb', '4-8gb', '8-16gb', '16-32gb', '32-80gb', 'over-80gb', 'unknown'] as const;
export type WeightClass = (typeof weightClasses)[number];

/** The class with so many parameters: small is under 7 billion. Null is not known. */
export function sizeClassOf(parameters: number | null): SizeClass {
	if (parameters === null || Number.isNaN(parameters)) return 'unknown';
	if (parameters < 7e9) return 'small';
	if (parameters < 30e9) return 'medium';
	return parameters < 100e9 ? 'large' : 'huge';
}

const weightEnds = [4e9, 8e9, 16e9, 32e9, 80e9];

/** The class of weights of so many bytes. Null is not known. */
export function weightClassOf(bytes: number | null): WeightClass {
	if (bytes === null || Number.isNaN(bytes)) return 'unknown';
	const at = weightEnds.findIndex((end) => bytes <= end);
	return weightClasses[at === -1 ? weightEnds.length : at] ?? 'unknown';
}

/** The classes in words. */
export const sizeClassLabels: Readonly<Record<SizeClass, string>> = {
	small: 'Small: under 7B',
	medium: 'Medium: 7B to 30B',
	large: 'Large: 30B to 100B',
	huge: 'Huge: 100B and more',
	unknown: 'Unknown size',
};

/** The classes of bytes in words. */
export const weightClassLabels: Readonly<Record<WeightClass, string>> = {
	'to-4gb': 'Up to 4 GB',
	'4-8gb': '4 to 8 GB',
	'8-16gb': '8 to 16 GB',
	'16-32gb': '16 to 32 GB',
	'32-80gb': '32 to 80 GB',
	'over-80gb': 'Over 80 GB',
	unknown: 'Unknown weight',
};

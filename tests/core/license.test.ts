// Licences: one lower-case id per model from list fields and cards, and a label for people.
import { describe, expect, it } from 'vitest';
import { licenseLabel, licenseOf, licenseOfCard } from '#lib/core/license.ts';

describe('licenses', () => {
	it('takes the field before the tag', () => {
		expect(licenseOf({ license: 'MIT', tags: ['license:apache-2.0'] })).toBe('mit');
		expect(licenseOf({ tags: ['en', 'license:Apache-2.0'] })).toBe('apache-2.0');
		expect(licenseOf({ tags: ['en'] })).toBeNull();
		expect(licenseOf({ license: '<script>' })).toBeNull();
	});

	it('reads cards, with the name behind "other"', () => {
		expect(licenseOfCard({ license: 'other', license_name: 'Qwen Research' })).toBe('qwen-research');
		expect(licenseOfCard({ license: ['mit', 'apache-2.0'] })).toBe('mit');
		expect(licenseOfCard({ license: 7 })).toBeNull();
		expect(licenseOfCard(null)).toBeNull();
	});

	it('has labels, and leaves other ids as they are', () => {
		expect(licenseLabel('llama3.1')).toBe('Llama 3.1 Community');
		expect(licenseLabel('some-lab')).toBe('some-lab');
		expect(licenseLabel('constructor')).toBe('constructor');
	});
});

// Names the colours of app.css for Tailwind, so that markup speaks of meanings (fits, tight) and not of hex values.
import type { Config } from 'tailwindcss';

const step = (name: string) => `var(--${name})`;

export default {
	content: ['./src/**/*.{html,svelte,ts}'],
	darkMode: 'class',
	theme: {
		extend: {
			colors: {
				grey: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [String(i + 1), step(`grey-${i + 1}`)])),
				surface: step('surface'),
				raised: step('raised'),
				line: step('line'),
				ink: step('ink'),
				quiet: step('quiet'),
				accent: { DEFAULT: step('accent'), ink: step('accent-ink'), soft: step('accent-soft') },
				architecture: { DEFAULT: step('architecture'), soft: step('architecture-soft') },
				modality: { DEFAULT: step('modality'), soft: step('modality-soft') },
				quantization: { DEFAULT: step('quantization'), soft: step('quantization-soft') },
				fits: { DEFAULT: step('fits'), soft: step('fits-soft') },
				tight: { DEFAULT: step('tight'), soft: step('tight-soft') },
				large: { DEFAULT: step('large'), soft: step('large-soft') },
				gated: { DEFAULT: step('gated'), soft: step('gated-soft') },
			},
			fontSize: {
				xs: ['0.75rem', '1rem'],
				sm: ['0.8125rem', '1.1875rem'],
				base: ['0.875rem', '1.25rem'],
				lg: ['1rem', '1.4375rem'],
				xl: ['1.25rem', '1.8125rem'],
				'2xl': ['1.75rem', '2.25rem'],
			},
			fontFamily: {
				sans: ['system-ui', '-apple-system', '"Segoe UI"', 'Roboto', '"Helvetica Neue"', 'Arial', 'sans-serif'],
				mono: ['ui-monospace', 'SFMono-Regular', 'Menlo', 'Consolas', '"Liberation Mono"', 'monospace'],
			},
		},
	},
} satisfies Config;

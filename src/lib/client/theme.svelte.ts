// Light, dark or the system's theme: kept in this browser, applied to the document at once.

export const themeChoices = ['light', 'dark', 'system'] as const;
export type ThemeChoice = (typeof themeChoices)[number];

/** The script in app.html reads the same key before the first paint. */
const storageKey = 'modeldex:theme';

function stored(): ThemeChoice {
	try {
		const value = localStorage.getItem(storageKey);
		return themeChoices.find((choice) => choice === value) ?? 'system';
	} catch {
		return 'system'; // storage is off
	}
}

/** The chosen theme. On the server it is `system`, which is what the first paint then corrects. */
export class Theme {
	#choice = $state<ThemeChoice>('system');

	get choice(): ThemeChoice {
		return this.#choice;
	}

	/** Reads the kept choice and follows the system from now on. Returns how to stop; call it in an effect. */
	start(): () => void {
		this.#choice = stored();
		const system = matchMedia('(prefers-color-scheme: dark)');
		const follow = () => this.#apply();
		system.addEventListener('change', follow);
		return () => system.removeEventListener('change', follow);
	}

	choose(choice: ThemeChoice): void {
		this.#choice = choice;
		try {
			localStorage.setItem(storageKey, choice);
		} catch {
			// Storage is off: the choice lasts as long as the page.
		}
		this.#apply();
	}

	#apply(): void {
		const dark =
			this.#choice === 'dark' || (this.#choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
		document.documentElement.classList.toggle('dark', dark);
	}
}

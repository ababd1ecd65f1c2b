// Tells elements when they come near the screen and when they leave it: one observer for the whole page.

interface Watcher {
	enter(): void;
	leave(): void;
}

/** Watches any number of elements with a single IntersectionObserver, made when the first one is watched. */
export class Visibility {
	#observer: IntersectionObserver | null = null;
	#watchers = new Map<Element, Watcher>();
	#margin: string;

	/** `margin`: how far outside the screen counts as near, as CSS. */
	constructor({ margin = '200px' } = {}) {
		this.#margin = margin;
	}

	/** Calls `enter` and `leave` as the element comes and goes. Returns how to stop watching; stopping calls nothing. */
	watch(element: Element, watcher: Watcher): () => void {
		this.#observer ??= new IntersectionObserver((seen) => this.#tell(seen), { rootMargin: this.#margin });
		this.#watchers.set(element, watcher);
		this.#observer.observe(element);
		return () => {
			this.#watchers.delete(element);
			this.#observer?.unobserve(element);
		};
	}

	#tell(seen: IntersectionObserverEntry[]): void {
		for (const { target, isIntersecting } of seen) {
			const watcher = this.#watchers.get(target);
			if (isIntersecting) watcher?.enter();
			else watcher?.leave();
		}
	}
}

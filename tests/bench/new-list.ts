// How long a person waits for a new list: from the press that asks for it to the frame that shows it.
import type { JSHandle, Locator, Page } from 'playwright-core';

/** A press at the pace of a hand: the pointer comes, rests a moment, presses and lets go. */
export async function press(page: Page, target: Locator, restMs = 100): Promise<void> {
	const box = await target.boundingBox();
	if (box === null) throw new Error('There is nothing to press.');
	await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
	await page.waitForTimeout(restMs);
	await page.mouse.down();
	await page.mouse.up();
}

/** Waits until no request is under way and nothing is left to do of what came before. */
export async function calm(page: Page): Promise<void> {
	await page.waitForLoadState('networkidle');
	// A list fills in idle turns: the page is at rest once a few of them in a row have changed nothing.
	await page.evaluate(async () => {
		let isChanged = true;
		const changes = new MutationObserver(() => (isChanged = true));
		changes.observe(document, { childList: true, characterData: true, attributes: true, subtree: true });
		for (let calmTurns = 0; calmTurns < 5;) {
			await new Promise((done) => requestIdleCallback(done));
			calmTurns = isChanged ? 0 : calmTurns + 1;
			isChanged = false;
		}
		changes.disconnect();
	});
}

interface Watch {
	shown: Promise<number>;
}

/** In the page: begins to wait for the list with these ids. */
function watch(ids: readonly string[]): Watch {
	const shownNames = '[data-testid=model-card]:not([data-behind] *) h2 a';
	const names = document.querySelectorAll<HTMLElement>(shownNames);
	const isOnScreen = (card: Element) => card.getBoundingClientRect().top < innerHeight;
	const before = Math.min([...names].filter(isOnScreen).length, ids.length);
	let start: number | null = null;
	for (const type of ['click', 'keydown']) addEventListener(type, (event) => (start ??= event.timeStamp), true);
	const isThere = () => {
		const cards = [...document.querySelectorAll<HTMLElement>(shownNames)];
		const wrong = cards.findIndex((card, index) => card.title !== ids[index]);
		if (wrong === -1) return cards.length >= before;
		const card = cards[wrong];
		return wrong >= before && card !== undefined && !isOnScreen(card);
	};
	const shown = new Promise<number>((resolve) => {
		const changes = new MutationObserver(() => {
			if (start === null || !isThere()) return;
			changes.disconnect();
			const since = start;
			const mark = document.createElement('span');
			mark.textContent = '.';
			mark.style.cssText = 'position: fixed; top: 0; left: 0';
			mark.setAttribute('elementtiming', 'new-list');
			new PerformanceObserver((seen, observer) => {
				for (const entry of seen.getEntries()) if ('renderTime' in entry) resolve(Number(entry.renderTime) - since);
				observer.disconnect();
				mark.remove();
			}).observe({ type: 'element' });
			document.body.append(mark);
		});
		changes.observe(document.body, { childList: true, characterData: true, attributes: true, subtree: true });
	});
	return { shown };
}

/**
 * Milliseconds from the input event of `act` to the frame in which every card on the screen is of the list `ids`. Both
 * ends are the browser's own: the event's time stamp, so that waiting for the main thread counts, and the time at which
 * it shows a mark that joins the document together with the list (Element Timing), so that style, layout and paint count
 * and the frame after them does not.
 */
export async function newListTime(page: Page, ids: readonly string[], act: () => Promise<void>): Promise<number> {
	const waiting: JSHandle<Watch> = await page.evaluateHandle(watch, ids);
	await act();
	const took = await waiting.evaluate(({ shown }) => shown);
	await waiting.dispose();
	return took;
}

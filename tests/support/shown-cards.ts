// The cards of the list on show: those that only wait behind it are not there for anybody who looks.
import type { Locator, Page } from '@playwright/test';

/** Every card of the list on show. */
export function shownCards(page: Page): Locator {
	return page.locator('[data-testid=model-card]:not([data-behind] *)');
}

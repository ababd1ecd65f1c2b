// The browser of all tests: which Chromium, and the switches that keep it from calling home.
import { existsSync } from 'node:fs';

/** Path of the Chromium to start; undefined: Playwright's own. */
export const chromiumPath =
	process.env.CHROMIUM_PATH ?? (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined);

/**
 * Features that are off. The last switch of this name counts, so what Playwright turns off stands here again; what
 * follows are pages of the browser's own address bar, which each window would draw in processes of their own, unseen.
 */
const featuresOff = [
	...['AvoidCorsURLLoaderRestartOnRedirect', 'AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose'],
	...['HttpsFirstBalancedModeAutoEnable', 'HttpsUpgrades', 'LensOverlay', 'MediaRouter', 'NetworkTimeServiceQuerying'],
	...['OptimizationHints', 'PaintHolding', 'PreconnectToSearch', 'ThirdPartyStoragePartitioning', 'AimEnabled'],
	...['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup', 'WebUIOmniboxPopupDebug'],
	...['WebUIOmniboxDynamicAiModeButton', 'WebUIOmniboxSimplification'],
];

/** Start switches; root may not use the sandbox. */
export const chromiumArgs = [
	`--disable-features=${featuresOff.join(',')}`,
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--disable-gpu',
	...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

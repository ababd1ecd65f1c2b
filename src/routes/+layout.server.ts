// What every page is told by the server: which features this user has, what is being downloaded, and where models are to run.
import { placeCookie, usualPlace } from '#lib/core/place.ts';
import { loadChatModelsWorker } from '#lib/server/features.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async ({ locals: { app, signedIn }, cookies }) => {
	const { devices, current } = signedIn ? await app.hardware.read() : { devices: [], current: '' };
	return {
		flags: { loadChatModelsWorker: signedIn && app.flags.isOn(loadChatModelsWorker.flag, app.userId) },
		/** Runtimes of the registry file. */
		runtimes: signedIn ? app.catalog.runtimes.own : [],
		activeDownloads: signedIn ? app.downloads.active : 0,
		place: {
			// Presets come with the dialog that offers them.
			devices: devices.filter(({ id, kind }) => kind !== 'preset' || id === current),
			current,
			choice: signedIn ? app.preferences.placeOf(cookies.get(placeCookie)) : usualPlace,
		},
	};
};

// What every page is told by the server: which features this user has.
import { loadChatModelsWorker } from '#lib/server/features.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = ({ locals: { app, signedIn } }) => ({
	flags: { loadChatModelsWorker: signedIn && app.flags.isOn(loadChatModelsWorker.flag, app.userId) },
});

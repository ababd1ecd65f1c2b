// The settings page: what a person chose here, what the environment decides, and how much room it all takes.
import { settingsReport } from '#lib/server/settings-report.ts';
import { folderSize } from '#lib/server/folder-size.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals: { app } }) => {
	const { hub } = app.health();
	const [dataBytes, folders, kept] = await Promise.all([
		folderSize(app.settings.home),
		app.local.folders(),
		app.preferences.read(),
	]);
	return {
		hub,
		settings: settingsReport(app.settings),
		tokenFrom: app.settings.hubTokenFrom,
		home: app.settings.home,
		dataBytes,
		folders: folders.map(({ tool, path, is_there, added, copies, size_bytes }) => {
			return { tool, path, is_there, added, copies, size_bytes };
		}),
		defaults: app.preferences.place,
		entered: kept.devices,
		isKeyed: app.sessions.required,
	};
};

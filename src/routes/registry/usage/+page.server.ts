// What was routed: figures of a window, budgets and alerts, and the newest requests.
import { parseHours, parseRequestList } from '#lib/server/registry/questions.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app }, url, depends }) => {
	depends('modeldex:registry-usage');
	const given = (names: readonly string[]) =>
		new URLSearchParams([...url.searchParams].filter(([name, value]) => names.includes(name) && value !== ''));
	const { figures, book } = app.routing;
	const filter = parseRequestList(given(['route', 'user', 'model', 'outcome', 'cursor']));
	const requests = book.list({ ...filter, limit: 25 });
	const last = requests.length < 25 ? undefined : requests.at(-1);
	return {
		report: figures.report(parseHours(given(['hours']))),
		requests: requests.map(({ id, started_at, route, served, user, outcome, code, ms, cost, attempts }) => ({
			...{ id, started_at, route, served, user, outcome, code, ms, cost: cost.total },
			tries: attempts.filter((attempt) => attempt.outcome !== 'skipped').length,
			isEstimated: attempts.some((attempt) => attempt.is_estimated && attempt.cost_nano !== 0),
		})),
		next:
			last === undefined
				? null
				: `?${new URLSearchParams({ ...Object.fromEntries(url.searchParams), cursor: last.id })}#requests`,
		nowMs: Date.now(),
	};
};

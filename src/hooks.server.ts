// Makes the app once, hangs it on every request, guards the door, and turns failures into answers.
import type { Handle, HandleServerError, RequestEvent, ServerInit } from '@sveltejs/kit';
import { Failure, isAbort } from '#lib/core/failure.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { settingsOf } from '#lib/server/environment.ts';
import { gatewayDoor } from '#lib/server/gateway-door.ts';
import { gatewayFailure } from '#lib/server/gateway-wire.ts';
import { isGatewayPath, isProgramPath, refusal, securityHeaders, type Ask, type House } from '#lib/server/guard.ts';
import { failureOfStatus, failureResponse, programAnswer, withHeaders } from '#lib/server/http.ts';
import { doorEvent } from '#lib/server/listener.ts';
import { sessionCookie } from '#lib/server/session.ts';
import { version } from '../package.json';

let app: App | undefined;

export const init: ServerInit = async () => {
	const made = await createApp({ settings: settingsOf(process.env), version });
	app = made;
	const events: NodeJS.EventEmitter = process; // the listener announces its end by SvelteKit's event of this name
	events.once('sveltekit:shutdown', (_reason: string, waitFor?: (work: Promise<void>) => void) => {
		const closed = made.close();
		waitFor?.(closed);
	});
	events.emit(doorEvent, gatewayDoor(made)); // nobody listens where the framework serves alone
};

function askOf({ request, url }: RequestEvent): Ask {
	return {
		method: request.method,
		url: url.pathname + url.search,
		header: (name) => request.headers.get(name),
	};
}

function houseOf({ platform }: RequestEvent, { settings }: App): House {
	const socket = platform?.req.socket;
	return {
		port: socket?.localPort ?? null,
		host: settings.host,
		origin: settings.origin,
		localAddress: socket?.localAddress ?? null,
		secrets: [settings.key, settings.hubToken].filter((secret) => secret !== null),
	};
}

/** The decoded path; as it was sent where it cannot be decoded. */
function pathOf(url: URL): string {
	try {
		return decodeURIComponent(url.pathname);
	} catch {
		return url.pathname; // the router refuses it
	}
}

/** Notes who asks. Gives why a request without a valid key or session may not go on; null when it may. */
function stranger({ request, cookies, getClientAddress, locals, url }: RequestEvent, { callers }: App): Failure | null {
	try {
		locals.caller = callers.admit({
			authorization: request.headers.get('authorization'),
			apiKey: request.headers.get('x-api-key'),
			cookie: cookies.get(sessionCookie) ?? null,
			address: getClientAddress(),
			claimedUser: request.headers.get('x-modeldex-user'),
			path: pathOf(url),
		});
		return null;
	} catch (error) {
		if (error instanceof Failure) return error;
		throw error;
	}
}

/** What a stranger gets: programs the failure, people the sign-in page, monitors whether we are up and nothing else. */
function strangerAnswer(event: RequestEvent, failure: Failure, { health }: App): Response {
	const { url, route } = event;
	if (route.id === '/api/health' && failure.code === 'invalid_api_key') {
		const { status } = health();
		return Response.json({ status }, { status: status === 'ok' ? 200 : 503 });
	}
	if (isProgramPath(url.pathname) || failure.code !== 'invalid_api_key') {
		return withHeaders(failed(event, failure), { 'www-authenticate': 'Bearer' });
	}
	const location = `/sign-in?next=${encodeURIComponent(url.pathname + url.search)}`;
	return new Response(null, { status: 303, headers: { location } });
}

/** A failure in the form of the address: OpenAI's under `/v1`, ours elsewhere. */
function failed({ url }: RequestEvent, failure: Failure): Response {
	return isGatewayPath(url.pathname) ? gatewayFailure(failure) : failureResponse(failure);
}

async function answer(event: RequestEvent, resolve: Parameters<Handle>[0]['resolve'], made: App): Promise<Response> {
	const refused = refusal(askOf(event), houseOf(event, made));
	if (refused !== null) return failed(event, refused);
	const unknown = stranger(event, made);
	event.locals.signedIn = unknown === null;
	if (unknown !== null && event.route.id !== '/sign-in') return strangerAnswer(event, unknown, made);
	if (!isProgramPath(event.url.pathname)) {
		const page = await resolve(event);
		const { failure } = event.locals;
		if (failure === undefined || page.status !== 500) return page;
		return new Response(page.body, { status: failure.status, headers: page.headers });
	}
	if (event.route.id === null) return failed(event, failureOfStatus(404));
	return programAnswer(await resolve(event), event.locals.failure, (failure) => failed(event, failure));
}

/** Counts an answer for monitors, and tells who reads the log closely. */
function count({ request, route, url }: RequestEvent, status: number, ms: number, { metrics, log }: App): void {
	const { method } = request;
	metrics.answered({ method, route: route.id ?? 'none', status, seconds: ms / 1000 });
	if (log.isOn('debug')) log.debug('request', { method, path: url.pathname, status, ms: Math.round(ms * 10) / 10 });
}

export const handle: Handle = async ({ event, resolve }) => {
	if (app === undefined) throw new Error('The app was not made before the first request.');
	event.locals.app = app;
	event.locals.signedIn = false;
	event.locals.caller = { user: null, key: null };
	const started = performance.now();
	const response = withHeaders(await answer(event, resolve, app), securityHeaders);
	count(event, response.status, performance.now() - started, app);
	return response;
};

/** One log line with an id for what nobody expected; the person gets a sentence, never a stack. */
export const handleError: HandleServerError = ({ error, event, status }) => {
	const failure = error instanceof Failure ? error : failureOfStatus(status);
	if (failure.code !== 'internal') {
		event.locals.failure = failure;
		return { ...failure.toBody().error, status: failure.status };
	}
	const fields = { method: event.request.method, path: event.url.pathname };
	// A reader that left is no bug.
	const id = isAbort(error) ? null : (app?.log.bug('request_failed', error, fields) ?? null);
	const where = id === null ? '' : `; the log has the details under ${id}`;
	event.locals.failure = new Failure('internal', `Something went wrong inside Modeldex${where}.`);
	return { ...event.locals.failure.toBody().error, status: event.locals.failure.status };
};

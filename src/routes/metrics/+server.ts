// GET /metrics: figures for monitors, in the text form of Prometheus.
import type { RequestHandler } from './$types';

const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' };

export const GET: RequestHandler = ({ locals }) => new Response(locals.app.metrics.text(), { headers });

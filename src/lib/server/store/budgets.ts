// Questions to the budgets: what is spent and kept back per window, changed only in one transaction at a time.
import { number, text, type Database } from '#lib/server/database.ts';

/** One budget in one window. `start` is milliseconds since 1970; amounts are nano-dollars or requests. */
export interface BudgetKey {
	scope: string;
	unit: string;
	window: string;
	start: number;
}

export interface BudgetRow extends BudgetKey {
	spent: number;
	reserved: number;
}

const keyed = 'scope = ? AND unit = ? AND window = ? AND start = ?';
const parts = ({ scope, unit, window, start }: BudgetKey) => [scope, unit, window, start];

/** Keeps an amount back unless that would pass the limit; false then. */
export function keepBack(database: Database, key: BudgetKey, amount: number, limit: number): boolean {
	database.run(
		'INSERT OR IGNORE INTO budgets (scope, unit, window, start, spent, reserved) VALUES (?, ?, ?, ?, 0, 0)',
		parts(key),
	);
	const sql = `UPDATE budgets SET reserved = reserved + ? WHERE ${keyed} AND spent + reserved + ? <= ?`;
	return database.run(sql, [amount, ...parts(key), amount, limit]) > 0;
}

/** Writes down what was kept back for whom. */
export function addReservation(
	database: Database,
	key: BudgetKey,
	{ id, amount, expires }: { id: string; amount: number; expires: number },
): void {
	database.run(
		'INSERT INTO budget_reservations (id, scope, unit, window, start, amount, expires) VALUES (?, ?, ?, ?, ?, ?, ?)',
		[id, ...parts(key), amount, expires],
	);
}

/** Writes down what is kept back for whom now, in place of what was. */
export function putReservation(
	database: Database,
	key: BudgetKey,
	{ id, amount, expires }: { id: string; amount: number; expires: number },
): void {
	database.run(
		'INSERT OR REPLACE INTO budget_reservations (id, scope, unit, window, start, amount, expires) VALUES (?, ?, ?, ?, ?, ?, ?)',
		[id, ...parts(key), amount, expires],
	);
}

/** What is kept back under one id. */
export function reservationsOf(database: Database, id: string): (BudgetKey & { amount: number })[] {
	const sql = 'SELECT scope, unit, window, start, amount FROM budget_reservations WHERE id = ?';
	return database.all(sql, [id]).map(([scope, unit, window, start, amount]) => ({
		scope: text(scope) ?? '',
		unit: text(unit) ?? '',
		window: text(window) ?? '',
		start: number(start) ?? 0,
		amount: number(amount) ?? 0,
	}));
}

/** Turns what was kept back into what was spent. */
export function spend(database: Database, key: BudgetKey, reserved: number, spent: number): void {
	const sql = `UPDATE budgets SET reserved = max(0, reserved - ?), spent = spent + ? WHERE ${keyed}`;
	database.run(sql, [reserved, spent, ...parts(key)]);
}

/** Forgets what was kept back under an id. */
export function dropReservations(database: Database, id: string): void {
	database.run('DELETE FROM budget_reservations WHERE id = ?', [id]);
}

/** Ids whose time is over: whoever held them is gone. */
export function expiredReservations(database: Database, now: number): string[] {
	const sql = 'SELECT DISTINCT id FROM budget_reservations WHERE expires < ?';
	return database.all(sql, [now]).map(([id]) => text(id) ?? '');
}

/** One budget; null when nothing was ever asked of it. */
export function readBudget(database: Database, key: BudgetKey): BudgetRow | null {
	const row = database.first(`SELECT spent, reserved FROM budgets WHERE ${keyed}`, parts(key));
	return row === null ? null : { ...key, spent: number(row[0]) ?? 0, reserved: number(row[1]) ?? 0 };
}

/** Budgets of windows that began at this time or later. */
export function budgetsSince(database: Database, start: number): BudgetRow[] {
	const sql = 'SELECT scope, unit, window, start, spent, reserved FROM budgets WHERE start >= ? ORDER BY scope, start';
	return database.all(sql, [start]).map(([scope, unit, window, begun, spent, reserved]) => ({
		scope: text(scope) ?? '',
		unit: text(unit) ?? '',
		window: text(window) ?? '',
		start: number(begun) ?? 0,
		spent: number(spent) ?? 0,
		reserved: number(reserved) ?? 0,
	}));
}

/** A budget that passed a share of its limit. `at` is an ISO time, `limit` in the budget's unit. */
export interface BudgetAlert extends BudgetKey {
	share: number;
	limit: number;
	at: string;
}

/** Writes an alert down; false when this share was told before in this window. */
export function addAlert(database: Database, alert: BudgetAlert): boolean {
	const sql =
		'INSERT OR IGNORE INTO budget_alerts (scope, unit, window, start, share, amount, at) VALUES (?, ?, ?, ?, ?, ?, ?)';
	return database.run(sql, [...parts(alert), alert.share, alert.limit, alert.at]) > 0;
}

/** Alerts, the newest first. */
export function readAlerts(database: Database, most: number): BudgetAlert[] {
	const sql =
		'SELECT scope, unit, window, start, share, amount, at FROM budget_alerts ORDER BY at DESC, share DESC LIMIT ?';
	return database.all(sql, [most]).map(([scope, unit, window, start, share, amount, at]) => ({
		scope: text(scope) ?? '',
		unit: text(unit) ?? '',
		window: text(window) ?? '',
		start: number(start) ?? 0,
		share: number(share) ?? 0,
		limit: number(amount) ?? 0,
		at: text(at) ?? '',
	}));
}

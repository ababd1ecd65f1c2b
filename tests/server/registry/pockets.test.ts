// Pockets of the ledger: large limits are counted in memory and end up in the database to the last nano-dollar.
import { afterEach, describe, expect, it } from 'vitest';
import type { Limit } from '#lib/core/registry/strategy.ts';
import { number, openInMemory, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Ledger } from '#lib/server/registry/ledger.ts';
import { SimulatedClock } from '#lib/server/registry/simulated-clock.ts';
import type { BudgetAlert } from '#lib/server/store/budgets.ts';

const limit: Limit = { scope: 'key:k', unit: 'nano_usd', amount: 1_000_000, window: 'month', mode: 'hard' };
const databases: Database[] = [];
afterEach(() => databases.splice(0).forEach((one) => one.close()));

function world(count = 1) {
	const database = openInMemory();
	databases.push(database);
	migrate(database);
	const clocks = Array.from({ length: count }, () => new SimulatedClock(Date.UTC(2026, 10, 21, 12)));
	const [clock] = clocks;
	if (clock === undefined) throw new Error('no process');
	const alerts: BudgetAlert[] = [];
	const errors: unknown[] = [];
	const ledgers = clocks.map((own, at) => {
		const pockets = { owner: `pocket:${at}`, writeAfterMs: 100, onError: (error: unknown) => void errors.push(error) };
		return new Ledger({ database, clock: own, onAlert: (alert) => void alerts.push(alert), pockets });
	});
	const row = () => {
		const [spent = null, reserved = null] = database.first('SELECT spent, reserved FROM budgets') ?? [];
		return { spent: number(spent), reserved: number(reserved) };
	};
	return { database, clock, clocks, alerts, errors, ledgers, row };
}

const need = (id: string, worst: number) => ({ id, limits: [limit], worst, expected: null, withinMs: 1000 });

describe('a pocket', () => {
	it('asks the database once for many tries, and again when it is empty', () => {
		const { ledgers, row } = world();
		const [ledger] = ledgers;
		for (let at = 0; at < 50; at += 1) expect(ledger?.reserve(need(`${at}`, 100))).toBe(null);
		expect(row()).toEqual({ spent: 0, reserved: 10_000 }); // a hundredth of the limit
		for (let at = 50; at < 101; at += 1) expect(ledger?.reserve(need(`${at}`, 100))).toBe(null);
		expect(row()).toEqual({ spent: 0, reserved: 20_000 });
	});

	it('writes down what was spent after a moment, and gives back the rest when nobody asks any more', async () => {
		const { ledgers, clock, row, database } = world();
		const [ledger] = ledgers;
		for (let at = 0; at < 10; at += 1) {
			ledger?.reserve(need(`${at}`, 100));
			ledger?.settle(`${at}`, { nano: 70 + at, requests: 1 });
		}
		expect(row()).toEqual({ spent: 0, reserved: 10_000 });
		await clock.pass(101);
		expect(row()).toEqual({ spent: 745, reserved: 9_255 });
		await clock.pass(101);
		expect(row()).toEqual({ spent: 745, reserved: 0 });
		expect(number(database.first('SELECT count(*) FROM budget_reservations')?.[0])).toBe(0);
	});

	it('tells the whole truth when it is asked, without what it only holds ready', () => {
		const { ledgers } = world();
		const [ledger] = ledgers;
		ledger?.reserve(need('a', 100));
		ledger?.reserve(need('b', 100));
		ledger?.settle('a', { nano: 40, requests: 1 });
		expect(ledger?.state(limit)).toMatchObject({ spent: 40, reserved: 100 });
		ledger?.settle('b', { nano: 100, requests: 1 });
		expect(ledger?.state(limit)).toMatchObject({ spent: 140, reserved: 0 });
	});

	it('never lets processes together pass a limit, and lets all of it be used', () => {
		const { ledgers, row } = world(3);
		let admitted = 0;
		for (let at = 0; at < 12_000; at += 1) {
			const ledger = ledgers[at % 3];
			if (ledger?.reserve(need(`${at}`, 100)) !== null) continue;
			admitted += 1;
			ledger.settle(`${at}`, { nano: 100, requests: 1 });
		}
		for (const ledger of ledgers) ledger.flush();
		expect(admitted).toBe(10_000);
		expect(row()).toEqual({ spent: 1_000_000, reserved: 0 });
	});

	it('keeps all limits of a try or none', () => {
		const { ledgers, row } = world();
		const [ledger] = ledgers;
		const none: Limit = { ...limit, scope: 'tier:t', amount: 50 };
		const shortage = ledger?.reserve({ ...need('a', 100), limits: [limit, none] });
		expect(shortage).toMatchObject({ limit: { scope: 'tier:t' } });
		expect(ledger?.state(limit)).toMatchObject({ spent: 0, reserved: 0 });
		expect(row()).toMatchObject({ reserved: 0 });
	});

	it('tells each share of a limit once, also when many tries are written down together', async () => {
		const { ledgers, clock, alerts } = world();
		const [ledger] = ledgers;
		for (let at = 0; at < 900; at += 1) {
			ledger?.reserve(need(`${at}`, 1000));
			ledger?.settle(`${at}`, { nano: 1000, requests: 1 });
		}
		await clock.pass(300);
		expect(alerts.map(({ share }) => share)).toEqual([50, 80]);
	});

	it('of a process that has died is given free by another one', async () => {
		const { ledgers, clocks, row } = world(2);
		const [dead, other] = ledgers;
		dead?.reserve(need('a', 100));
		expect(row()).toEqual({ spent: 0, reserved: 10_000 });
		await clocks[1]?.pass(120_000); // for the other one alone: nothing of the first runs any more
		other?.reserve(need('b', 100));
		other?.settle('b', { nano: 0, requests: 1 });
		other?.flush();
		expect(row()).toEqual({ spent: 0, reserved: 0 });
	});

	it('loses nothing when the database cannot be written for a while', async () => {
		const { ledgers, clock, database, errors, row } = world();
		const [ledger] = ledgers;
		ledger?.reserve(need('a', 100));
		ledger?.settle('a', { nano: 60, requests: 1 });
		database.run("CREATE TRIGGER full BEFORE UPDATE ON budgets BEGIN SELECT RAISE(ABORT, 'full'); END");
		await clock.pass(101);
		expect(errors).toHaveLength(1);
		database.run('DROP TRIGGER full');
		await clock.pass(301);
		expect(row()).toEqual({ spent: 60, reserved: 0 });
	});
});

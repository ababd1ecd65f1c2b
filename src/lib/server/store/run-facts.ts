// Questions to the run facts: the texts that decide which runtimes load a model, each kept once for all rows that share it.
import { readRunFacts } from '#lib/core/run-facts.ts';
import { runMasks } from '#lib/core/runtime-masks.ts';
import { number, text, type Database } from '#lib/server/database.ts';

/** A text with its number and the answers of all runtimes as bits (see `RunMasks`). */
export interface RunFactsRow {
	number: number;
	facts: string;
	loads: number;
	unknown: number;
}

/** The numbers of texts, new ones for texts that were never met. Call it inside the transaction that writes them down. */
export function runFactsNumbers(database: Database, texts: readonly string[]): Map<string, number> {
	const find = 'SELECT facts, number FROM run_facts WHERE facts IN (SELECT value FROM json_each(?))';
	const asked = JSON.stringify([...new Set(texts)]);
	const known = database.all(find, [asked]).map((row) => [text(row[0]) ?? '', number(row[1]) ?? 0] as const);
	const numbers = new Map(known);
	let newest = number(database.first('SELECT max(number) FROM run_facts')?.[0] ?? null) ?? 0;
	for (const facts of texts) {
		if (numbers.has(facts)) continue;
		const { loads, unknown } = runMasks(readRunFacts(facts));
		const values = [(newest += 1), facts, loads, unknown];
		database.run('INSERT INTO run_facts (number, facts, loads, unknown) VALUES (?, ?, ?, ?)', values);
		numbers.set(facts, newest);
	}
	return numbers;
}

/** Every text from this number on. */
export function runFactsFrom(database: Database, from: number): RunFactsRow[] {
	const sql = 'SELECT number, facts, loads, unknown FROM run_facts WHERE number >= ? ORDER BY number';
	return database.all(sql, [from]).map((row) => ({
		number: number(row[0]) ?? 0,
		facts: text(row[1]) ?? '',
		loads: number(row[2]) ?? 0,
		unknown: number(row[3]) ?? 0,
	}));
}

/** Asks every runtime again about every text: their lists or the rules are others now. */
export function remakeMasks(database: Database): void {
	database.transaction(() => {
		for (const row of runFactsFrom(database, 0)) {
			const { loads, unknown } = runMasks(readRunFacts(row.facts));
			database.run('UPDATE run_facts SET loads = ?, unknown = ? WHERE number = ?', [loads, unknown, row.number]);
		}
	});
}

// Questions to the run facts: the texts that decide which runtimes load a model, each kept once for all rows that share it.
import { number, text, type Database } from '#lib/server/database.ts';

/** The number of a text, a new one when it was never met. Call it inside the transaction that writes the number down. */
export function runFactsNumber(database: Database, facts: string): number {
	const find = 'SELECT number FROM run_facts WHERE facts = ?';
	const found = number(database.first(find, [facts])?.[0] ?? null);
	if (found !== null) return found;
	database.run('INSERT INTO run_facts (facts) VALUES (?)', [facts]);
	return number(database.first(find, [facts])?.[0] ?? null) ?? 0;
}

/** Every text with its number, from this number on. */
export function runFactsFrom(database: Database, from: number): { number: number; facts: string }[] {
	const rows = database.all('SELECT number, facts FROM run_facts WHERE number >= ? ORDER BY number', [from]);
	return rows.map((row) => ({ number: number(row[0]) ?? 0, facts: text(row[1]) ?? '' }));
}

// A second process that writes to a database, one transaction at a time, and tells how many are done.
import Driver from 'libsql';

const [path = '', name = '', wanted = '0'] = process.argv.slice(2);
const database = new Driver(path, { timeout: 5000 });
const insert = database.prepare(
	`INSERT INTO configs (id, revision, file, status, body, fetched_at) VALUES (?, 'c', 'config.json', 'ok', '', '')`,
);
for (let count = 1; count <= Number(wanted); count += 1) {
	database.exec('BEGIN IMMEDIATE');
	insert.run([`${name}/${count}`]);
	database.exec('COMMIT');
	await new Promise((sent) => process.send?.(count, sent));
}
database.close();
process.disconnect?.();

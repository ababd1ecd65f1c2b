// Questions to the table of devices that people entered.
import { accelerators } from '#lib/core/choice.ts';
import type { Device } from '#lib/core/hardware.ts';
import { number, text, type Database, type Row } from '#lib/server/database.ts';

function toDevice([id = null, name = null, memory = null, bandwidth = null, accelerator = null]: Row): Device {
	return {
		id: text(id) ?? '',
		name: text(name) ?? '',
		kind: 'entered',
		memory_bytes: number(memory) ?? 0,
		bandwidth_bytes_per_second: number(bandwidth),
		accelerator: accelerators.find((known) => known === accelerator) ?? 'other',
	};
}

/** The entered devices in their order. */
export function enteredDevices(database: Database): Device[] {
	return database.all('SELECT id, name, memory, bandwidth, accelerator FROM devices ORDER BY position').map(toDevice);
}

/** Keeps these entered devices in place of all earlier ones. */
export function saveEnteredDevices(database: Database, devices: readonly Device[]): void {
	database.transaction(() => {
		database.run('DELETE FROM devices');
		for (const [position, device] of devices.entries()) {
			const { id, name, memory_bytes, bandwidth_bytes_per_second, accelerator } = device;
			database.run(
				'INSERT INTO devices (id, position, name, memory, bandwidth, accelerator) VALUES (?, ?, ?, ?, ?, ?)',
				[id, position, name, memory_bytes, bandwidth_bytes_per_second, accelerator],
			);
		}
	});
}

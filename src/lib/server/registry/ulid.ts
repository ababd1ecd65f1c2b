// Ids that sort by time: 48 bits of milliseconds and 80 bits of chance in Crockford's base 32 (the ULID specification).

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function encode(value: number, length: number): string {
	let text = '';
	for (let at = 0; at < length; at += 1) {
		text = (digits[value % 32] ?? '0') + text;
		value = Math.floor(value / 32);
	}
	return text;
}

/** A new id for a moment in milliseconds since 1970. */
export function ulid(now: number, random: () => number): string {
	let chance = '';
	for (let at = 0; at < 16; at += 1) chance += digits[Math.floor(random() * 32)] ?? '0';
	return encode(now, 10) + chance;
}

/** Is this such an id? */
export function isUlid(text: string): boolean {
	return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}

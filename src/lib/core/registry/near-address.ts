// Whether an address lies on this machine or in its network, as far as it can be seen without asking for the name.

/** Is this the address of this very machine? */
export function isOnThisMachine(address: string): boolean {
	return /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(\/|$)/i.test(address);
}

/** Networks that nobody can reach from outside: RFC 1918, shared (RFC 6598), link-local, and unique local of IPv6. */
const inner: readonly RegExp[] = [
	/^10(\.\d{1,3}){3}$/,
	/^172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}$/,
	/^192\.168(\.\d{1,3}){2}$/,
	/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])(\.\d{1,3}){2}$/,
	/^169\.254(\.\d{1,3}){2}$/,
	/^\[(f[cd]|fe[89ab])[0-9a-f:]+\]$/i,
	/^[a-z0-9_-]+$/i,
	/\.(local|internal|lan|home\.arpa)$/i,
];

/** Is this an address of the network around this machine? Names without a dot are looked up there alone. */
export function isInThisNetwork(address: string): boolean {
	const host = /^https?:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/?#]+)/i.exec(address)?.[1] ?? '';
	return inner.some((shape) => shape.test(host));
}

// Refuses every connection that is not to this machine, so that no test can depend on a network.
import net from 'node:net';

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost|::ffff:127\.\d+\.\d+\.\d+)$/;
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]) {
	const first = Array.isArray(args[0]) ? args[0][0] : args[0];
	const host =
		typeof first === 'object' && first !== null && 'host' in first ? String(first.host ?? 'localhost') : null;
	if (host !== null && !loopback.test(host)) {
		const refused = Object.assign(new Error(`test tried to reach ${host}`), { code: 'ENOTFOUND' });
		process.nextTick(() => this.destroy(refused));
		return this;
	}
	return Reflect.apply(connect, this, args);
} as typeof connect;

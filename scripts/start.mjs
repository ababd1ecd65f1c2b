// `npm start`: installs and builds what is missing, then serves; ends when npm ends, also when npm is killed.
import { build } from './build.mjs';
import { alone, checkNode, install } from './setup.mjs';

checkNode();
alone(() => {
	install();
	build();
});

const parent = process.ppid;
setInterval(() => {
	if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 500).unref();

process.argv.splice(2, 0, 'serve');
await import('../bin/modeldex.js');

// Vite plugin: `import star from 'lucide-svelte/icons/star?outline'` gives an icon's drawing as the data of one path.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const query = '?outline';
const prefix = '\0outline:';

/**
 * An ellipse as four curves would be many numbers; two arcs are the same line.
 * @param {number} cx @param {number} cy @param {number} r
 */
const circle = (cx, cy, r) => `M${cx - r} ${cy}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;

/** @param {Record<'x' | 'y' | 'width' | 'height' | 'rx', number>} box */
function rectangle({ x, y, width, height, rx: r }) {
	const arc = (/** @type {string} */ to) => `a${r} ${r} 0 0 1 ${to}`;
	return `M${x + r} ${y}h${width - 2 * r}${arc(`${r} ${r}`)}v${height - 2 * r}${arc(`${-r} ${r}`)}h${2 * r - width}${arc(`${-r} ${-r}`)}v${2 * r - height}${arc(`${r} ${-r}`)}z`;
}

/**
 * A path that may follow another: its relative first step would count from where that one ended.
 * @param {string} d
 */
function absolute(d) {
	return d.replace(/^m\s*(-?\d*\.?\d+)[\s,]*(-?\d*\.?\d+)[\s,]*(?=(.?))/, (_, x, y, next) => {
		return `M${x} ${y}${/[-.\d]/.test(next) ? 'l' : ''}`;
	});
}

/**
 * One shape as path data.
 * @param {[string, Record<string, string>]} shape
 */
function pathOf([name, attributes]) {
	const at = (/** @type {string} */ key) => Number(attributes[key] ?? 0);
	if (name === 'path') return absolute(attributes.d ?? '');
	if (name === 'line') return `M${at('x1')} ${at('y1')}L${at('x2')} ${at('y2')}`;
	if (name === 'circle') return circle(at('cx'), at('cy'), at('r'));
	if (name === 'rect') {
		return rectangle({ x: at('x'), y: at('y'), width: at('width'), height: at('height'), rx: at('rx') });
	}
	throw new Error(`An icon has a <${name}>, which has no outline here.`);
}

/**
 * Icons that repeat on every card must be few nodes: the package's components make an element per shape.
 * @returns {import('vite').Plugin}
 */
export function iconOutline() {
	return {
		name: 'modeldex:icon-outline',
		enforce: 'pre',
		// Found by Node: Vite would name the bundle that its development server makes of the package.
		resolveId(source) {
			return source.endsWith(query) ? `${prefix}${require.resolve(source.slice(0, -query.length))}` : null;
		},
		load(id) {
			if (!id.startsWith(prefix)) return null;
			const file = id.slice(prefix.length).replace(/\.js$/, '.svelte'); // the module beside it only passes this on
			const [, data] = /\bconst iconData = (\{.*\});$/m.exec(readFileSync(file, 'utf8')) ?? [];
			if (data === undefined) throw new Error(`${file} holds no drawing that can be read.`);
			/** @type {{ node: [string, Record<string, string>][] }} */
			const { node } = JSON.parse(data);
			return `export default ${JSON.stringify(node.map(pathOf).join(''))};`;
		},
	};
}

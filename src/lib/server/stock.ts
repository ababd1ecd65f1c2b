// A database that holds the shipped catalog already: the build makes one, and a first start copies it instead of reading line by line.
import { chmodSync, constants, copyFileSync, existsSync, linkSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrations } from '#lib/server/migrations.ts';
import { packageFolder } from '#lib/server/package-folder.ts';

/** What its contents depend on. */
interface StockOf {
	snapshot: string;
	product: string;
}

/** Where the build puts it, below the package's folder. */
const folder = join('build', 'stock');

/**
 * Path of the stocked database that goes with this build, whether it is there or not. Null when the program runs from its
 * sources: they may read the snapshot otherwise than the build that made the file did.
 */
export function stockPath({ snapshot, product }: StockOf, from = import.meta.url): string | null {
	const root = packageFolder(from);
	const isBuilt = fileURLToPath(from).startsWith(join(root, 'build') + sep);
	return isBuilt ? join(root, folder, `catalog-${migrations.length}-${snapshot}-${product}.db`) : null;
}

/**
 * Copies the stocked database to where there is none. Never over one that another process has just made, and never beside
 * the log of one that is gone. Where it cannot be copied nothing happens: an empty database is filled line by line.
 */
export function stockUp(path: string, stock: string | null): void {
	if (stock === null || existsSync(path) || existsSync(`${path}-wal`) || !existsSync(stock)) return;
	const copy = `${path}.${process.pid}.new`;
	try {
		copyFileSync(stock, copy, constants.COPYFILE_FICLONE);
		chmodSync(copy, 0o600);
		linkSync(copy, path);
	} catch {
		// No room, no links on this disk, or another process was faster: opening the database says what is wrong, if anything.
	} finally {
		rmSync(copy, { force: true });
	}
}

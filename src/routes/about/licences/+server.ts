// GET /about/licences: the licence texts of everything that is shipped, one after the other.
import licences from 'virtual:licences';
import type { RequestHandler } from './$types';

const rule = '='.repeat(80);

export const GET: RequestHandler = () => {
	const parts = licences.map(({ name, version, licence, homepage, text }) => {
		const head = [`${name} ${version}`, licence, homepage].filter((line) => line !== null).join('\n');
		return `${rule}\n${head}\n${rule}\n\n${text ?? 'The package comes without the text of its licence.'}\n`;
	});
	return new Response(parts.join('\n'), { headers: { 'content-type': 'text/plain; charset=utf-8' } });
};

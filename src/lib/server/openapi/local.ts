// The description of the API, part this machine: copies of models, folders, duplicates, clearing away, devices.
import { z } from 'zod';
import { folderBody, importBody, pruneBody } from '#lib/server/bodies.ts';
import { hardwareSchema } from '#lib/server/hardware.ts';
import type { ApiParameter, ApiRow } from '#lib/server/openapi/row.ts';

const part = 'This machine';
const flag = ['0', '1', 'true', 'false'];
const choice: readonly ApiParameter[] = [
	{ name: 'tool', about: 'the tool that keeps the copy', example: 'hf' },
	{ name: 'copy', about: 'key of the copy', example: 'hf-0' },
];
const folders = z.object({ folders: z.array(z.looseObject({ tool: z.string(), path: z.string() })) });
const plan = z.looseObject({ frees_bytes: z.number() });

export const localRows: readonly ApiRow[] = [
	{
		method: 'GET',
		path: '/api/local/models',
		part,
		summary: 'List every copy of a model on this machine',
		query: [{ name: 'refresh', about: 'look at everything anew', example: '1', choices: flag }],
		answer: {
			form: 'json',
			about: 'The copies, and the room on the disk.',
			schema: z.object({ models: z.array(z.looseObject({ id: z.string() })), disk: z.looseObject({}) }),
		},
	},
	{
		method: 'GET',
		path: '/api/local/models/{id}',
		part,
		summary: 'List the copies of one model',
		answer: { form: 'json', about: 'The copies.', schema: z.object({ copies: z.array(z.looseObject({})) }) },
	},
	{
		method: 'DELETE',
		path: '/api/local/models/{id}',
		part,
		summary: 'Remove one copy of a model, or tell what that would do',
		query: [
			{ name: 'dry_run', about: 'only tell', example: '1', choices: flag },
			...choice,
			{ name: 'revision', about: 'only this commit', example: 'a'.repeat(40), isList: true },
			{ name: 'confirm', about: 'what the person typed to confirm', example: 'Qwen/Qwen3-8B' },
		],
		answer: { form: 'json', about: 'What comes free, and what stays.', schema: plan },
	},
	{
		method: 'GET',
		path: '/api/local/folders',
		part,
		summary: 'List the folders that are searched for models',
		answer: { form: 'json', about: 'The folders.', schema: folders },
	},
	{
		method: 'POST',
		path: '/api/local/folders',
		part,
		summary: 'Have one more folder searched',
		body: folderBody,
		answer: { form: 'json', about: 'The folders, the new one among them.', schema: folders, status: 201 },
	},
	{
		method: 'DELETE',
		path: '/api/local/folders',
		part,
		summary: 'Search a folder no more; nothing in it is touched',
		query: [{ name: 'path', about: 'the folder', example: '/srv/models', isRequired: true }],
		answer: { form: 'json', about: 'The folders that are left.', schema: folders },
	},
	{
		method: 'POST',
		path: '/api/local/import',
		part,
		summary: 'Take a file or folder of this machine into our own store',
		body: importBody,
		answer: { form: 'ndjson', about: 'Progress, then what was taken.', schema: null },
	},
	{
		method: 'GET',
		path: '/api/local/duplicates',
		part,
		summary: 'Find the same bytes in several places, as far as they were read',
		answer: { form: 'json', about: 'Groups of equal files.', schema: z.looseObject({}) },
	},
	{
		method: 'POST',
		path: '/api/local/duplicates',
		part,
		summary: 'Read what nobody has read yet, and find the same bytes in several places',
		answer: { form: 'ndjson', about: 'Progress, then the groups of equal files.', schema: null },
	},
	{
		method: 'POST',
		path: '/api/local/prune',
		part,
		summary: 'Clear away what no model needs, or tell what that would do',
		body: pruneBody,
		answer: { form: 'json', about: 'What was, or would be, cleared away.', schema: z.looseObject({}) },
	},
	{
		method: 'GET',
		path: '/api/hardware',
		part,
		summary: 'List the devices models can run on, and the current one',
		answer: {
			form: 'json',
			about: 'The devices.',
			schema: z.object({ devices: z.array(z.looseObject({ id: z.string(), name: z.string() })), current: z.string() }),
		},
	},
	{
		method: 'PUT',
		path: '/api/hardware',
		part,
		summary: 'Enter devices, and choose the current one',
		body: hardwareSchema,
		answer: {
			form: 'json',
			about: 'The devices.',
			schema: z.object({ devices: z.array(z.looseObject({ id: z.string(), name: z.string() })), current: z.string() }),
		},
	},
];

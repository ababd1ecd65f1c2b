// Which models may be offered to chat with.
import { describe, expect, it } from 'vitest';
import { chatCertainty } from '#lib/core/chat.ts';
import { candidateLimit } from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { entry } from '../support/models.ts';

const rows: [string, Partial<ModelEntry> & { id: string }, ReturnType<typeof chatCertainty>][] = [
	['a writer', { id: 'a/b', classification: 'gen', confidence: 'high' }, 'sure'],
	['a writer by most signals', { id: 'a/b', classification: 'gen', confidence: 'medium' }, 'sure'],
	['a writer by weak signals', { id: 'a/b', classification: 'gen', confidence: 'low' }, 'low'],
	['a gated writer', { id: 'a/b', classification: 'gen', confidence: 'high', gated: 'manual' }, 'sure'],
	['an encoder, whatever it is called', { id: 'a/chat-instruct', classification: 'encoder' }, null],
	['a locked model', { id: 'a/x-instruct', classification: 'auth-protected' }, null],
	['an unknown one named like a chat model', { id: 'a/Tiny-Instruct-v2' }, 'guess'],
	['one beyond the limit named so', { id: 'a/tiny-chat', excluded_by: candidateLimit }, 'guess'],
	['one listed for text and named so', { id: 'a/tiny-chat', pipeline_tag: 'text-generation' }, 'guess'],
	['one listed for something else', { id: 'a/chat-voice', pipeline_tag: 'text-to-speech' }, null],
	['one named for vectors too', { id: 'a/instruct-embedding' }, null],
	['one that holds the word only as a part', { id: 'a/chatter' }, null],
	['one without a hint', { id: 'a/b' }, null],
	['one that is not there', { id: 'a/tiny-chat', fetchStatus: '404' }, null],
	['what the pre-filter dropped', { id: 'a/b', classification: 'gen', excluded_by: 'pre-filter: no tokenizer' }, null],
	['what it dropped, named so', { id: 'a/tiny-chat', excluded_by: 'pre-filter: no tokenizer' }, null],
];

describe('who may be offered to chat with', () => {
	it.each(rows)('%s', (_, part, certainty) => {
		expect(chatCertainty(entry(part))).toBe(certainty);
	});
});

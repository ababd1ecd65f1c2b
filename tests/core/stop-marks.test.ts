// Marks that end an answer are found wherever the pieces of it meet, and nothing of them is ever let through.
import { describe, expect, it } from 'vitest';
import { StopMarks } from '#lib/core/stop-marks.ts';

function passed(pieces: readonly string[], marks: readonly string[]): { given: string[]; isCut: boolean } {
	const stop = new StopMarks(marks);
	const given = pieces.map((piece) => stop.push(piece));
	return { given: [...given, stop.end()], isCut: stop.isCut };
}

describe('marks that end an answer', () => {
	it('cut it at the first of them, also where one lies in several pieces', () => {
		expect(passed(['one END two'], ['END'])).toEqual({ given: ['one ', ''], isCut: true });
		expect(passed(['one E', 'N', 'D two', ' three'], ['END'])).toEqual({
			given: ['one ', '', '', '', ''],
			isCut: true,
		});
		expect(passed(['a b c'], ['c', 'b'])).toEqual({ given: ['a ', ''], isCut: true });
		expect(passed(['END'], ['END'])).toEqual({ given: ['', ''], isCut: true });
	});

	it('hold back no more than what may be the beginning of one, and give it when it was none', () => {
		expect(passed(['one E', 'N', 'D', '.'], ['END!'])).toEqual({ given: ['one ', '', '', 'END.', ''], isCut: false });
		expect(passed(['\n', '\n'], ['\n\n\n'])).toEqual({ given: ['', '', '\n\n'], isCut: false });
		expect(passed(['aab', 'aaab'], ['aaab'])).toEqual({ given: ['aab', '', ''], isCut: true });
	});

	it('that are empty or not there let everything through at once', () => {
		expect(passed(['one', ' two'], [])).toEqual({ given: ['one', ' two', ''], isCut: false });
		expect(passed(['one', ' two'], [''])).toEqual({ given: ['one', ' two', ''], isCut: false });
	});
});

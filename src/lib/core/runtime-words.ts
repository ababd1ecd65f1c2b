// What inference runtimes say when they fail, in our words: a table of what is known, and everything else without paths.
import { Failure, type FailureCode } from '#lib/core/failure.ts';

interface Row {
	shape: RegExp;
	code: FailureCode;
	/** The sentence, from what the shape caught. */
	says: (caught: readonly (string | undefined)[]) => string;
}

const mebibytes = (bytes: string) => Math.max(1, Math.round(Number(bytes) / 2 ** 20)).toLocaleString('en');

/** Failures by their words. Sources: the texts in onnxruntime 1.2x, transformers.js 4 and llama.cpp; the first that fits counts. */
const rows: readonly Row[] = [
	{
		shape: /failed to allocate memory for requested buffer of size (\d+)/i,
		code: 'not_enough_memory',
		says: ([bytes = '']) =>
			`The runtime found no ${mebibytes(bytes)} MiB of memory for one step: shorter texts or a smaller dtype need less.`,
	},
	{
		shape: /bad_alloc|bad allocation|out of memory|failed to allocate|insufficient memory/i,
		code: 'not_enough_memory',
		says: () => 'The runtime ran out of memory: shorter texts or a smaller dtype need less.',
	},
	{
		shape: /indices element out of data bounds, idx=(-?\d+) must be within the inclusive range \[-?\d+,\s*(-?\d+)\]/,
		code: 'unsupported_model',
		says: ([index = '', last = '']) =>
			`The model has no place ${index} in one of its tables, whose last is ${last}: its tokenizer belongs to another model, or it reads fewer tokens than its configuration says.`,
	},
	{
		shape: /no op registered for (\w+) with|([\w.]+:\w+)\(-?\d*\) is not a registered function\/op/i,
		code: 'unsupported_model',
		says: ([plain, own]) => `The model uses the operation ${plain ?? own ?? ''}, which the runtime does not have.`,
	},
	{
		shape: /could not find an implementation for (\w+)\((\d+)\)/i,
		code: 'unsupported_model',
		says: ([name = '', version = '']) =>
			`The runtime has no version ${version} of the operation ${name} for this machine: another dtype of the model may work.`,
	},
	{
		shape: /opset (\d+) is under development.*?is till opset (\d+)/i,
		code: 'unsupported_model',
		says: ([wanted = '', known = '']) =>
			`The model is written in operations of ONNX version ${wanted}; the runtime knows them up to version ${known}.`,
	},
	{
		shape: /unsupported model ir version: (\d+)(?:, max supported ir version: (\d+))?/i,
		code: 'unsupported_model',
		says: ([wanted = '', known = 'an earlier one']) =>
			`The file is of ONNX format version ${wanted}; the runtime reads them up to ${known}.`,
	},
	{
		shape: /protobuf parsing failed|invalid protobuf|no graph was found in the protobuf/i,
		code: 'invalid_onnx',
		says: () => 'The ONNX file is damaged or was not downloaded to its end.',
	},
	{
		shape: /unsupported model type: ([\w.-]+)/i,
		code: 'unsupported_model',
		says: ([type = '']) => `The inference library does not know models of the type ${type}.`,
	},
	{
		shape: /missing the following inputs: ([\w, .-]+)/i,
		code: 'unsupported_model',
		says: ([names = '']) => `The model wants inputs that are not texts: ${names.trim().replace(/\.$/, '')}.`,
	},
	{
		shape: /unknown (?:model )?architecture:? '?([\w.-]+)/i,
		code: 'unsupported_model',
		says: ([name = '']) => `The runtime does not know the architecture ${name}.`,
	},
];

const mostCharacters = 200;
/** What is read of a message. The patterns below repeat themselves only so often: a message may come from a hostile file. */
const mostRead = 1200;

/** Places in the source of a runtime, with the function there: `/onnxruntime_src/…/gather.h:71 void onnxruntime::f(…) const`. */
const sourcePlace = /(?<![^\s"'()])(?:[A-Za-z]:)?[^\s"'():]{0,300}\.(?:cc|cpp|cxx|cu|h|hpp|inc|mm?)(?::|\()\d+\)?:?/g;
const signature =
	/(?:\b(?:static|virtual|inline|const|void|bool|auto|int|size_t)[&*]* ){0,4}\b(?:\w{1,60}::){1,6}[~\w<>&*]{1,80}\((?:[^()]|\([^()]{0,200}\)){0,600}\)(?: const)?(?: \[with [^\]]{0,300}\])?:?/g;
/** Absolute paths of any system, and addresses of files. */
const anyPath =
	/(?<![\w.~/])(?:file:\/\/)?(?:[A-Za-z]:)?[\\/](?:[^\s\\/"'<>|:,;()]{1,255}[\\/]){1,60}([^\s\\/"'<>|:,;()]*)/g;

/** The runtime's own words on one line, without places in its source and without folders; null when nothing is left. */
export function plainWords(message: string): string | null {
	const line = message
		.slice(0, mostRead)
		.replace(/\s+/g, ' ')
		.replace(sourcePlace, ' ')
		.replace(signature, ' ')
		.replace(anyPath, (_, name: string) => name)
		.replace(
			/Non-zero status code returned while running (\w+) node\. Name:'[^']*' Status Message:/g,
			'in its step $1:',
		)
		.replace(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
		.replace(/\s+/g, ' ')
		.replace(/\s+([.,:;])/g, '$1')
		.trim()
		.replace(/[\s.:,;]+$/, '');
	if (line === '') return null;
	return line.length > mostCharacters ? `${line.slice(0, mostCharacters - 1)}…` : line;
}

/** The failure for something that a runtime threw. What is not in the table becomes `code` with `sentence` before its words. */
export function runtimeFailure(error: unknown, code: FailureCode, sentence: string): Failure {
	if (error instanceof Failure) return error;
	const message = error instanceof Error ? error.message : String(error);
	const line = message.slice(0, mostRead).replace(/\s+/g, ' ');
	for (const { shape, code: known, says } of rows) {
		const caught = shape.exec(line);
		if (caught !== null) return new Failure(known, says(caught.slice(1)), { cause: error });
	}
	const words = plainWords(message);
	const text = words === null ? `${sentence}.` : `${sentence} (${words}).`;
	return new Failure(code, text, { cause: error });
}

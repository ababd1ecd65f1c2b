// The words of inference runtimes in ours: known failures become sentences, unknown ones lose every place and folder.
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { plainWords, runtimeFailure } from '#lib/core/runtime-words.ts';

const said = (message: string) => {
	const { code, message: sentence } = runtimeFailure(new Error(message), 'engine_failed', 'The model failed');
	return { code, sentence };
};

describe('what a runtime says', () => {
	it.each([
		[
			"Non-zero status code returned while running MatMul node. Name:'n1' Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 10737418240\n",
			'not_enough_memory',
			/10,240 MiB/,
		],
		['std::bad_alloc', 'not_enough_memory', /ran out of memory/],
		[
			'Load model from /data/models/x/model.onnx failed:Fatal error: com.microsoft:FancyAttention(-1) is not a registered function/op',
			'unsupported_model',
			/operation com\.microsoft:FancyAttention,/,
		],
		[
			"Could not find an implementation for ConvInteger(10) node with name 'conv_3'",
			'unsupported_model',
			/version 10 of the operation ConvInteger/,
		],
		[
			'/onnxruntime_src/onnxruntime/core/graph/model.cc:180 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&, const IOnnxRuntimeOpSchemaRegistryList*, const onnxruntime::logging::Logger&, const onnxruntime::ModelOptions&) Unsupported model IR version: 12, max supported IR version: 11',
			'unsupported_model',
			/format version 12; the runtime reads them up to 11/,
		],
		['Load model from C:\\Users\\me\\m.onnx failed:Protobuf parsing failed.', 'invalid_onnx', /damaged/],
		['Unsupported model type: new', 'unsupported_model', /models of the type new/],
		[
			'An error occurred during model execution: "Missing the following inputs: pixel_values, labels."',
			'unsupported_model',
			/not texts: pixel_values, labels\./,
		],
		["unknown model architecture: 'newest'", 'unsupported_model', /architecture newest/],
	])('is told as a sentence: %s', (message, code, sentence) => {
		const told = said(message);
		expect(told).toEqual({ code, sentence: expect.stringMatching(sentence) });
		expect(told.sentence).toMatch(/^[A-Z].*\.$/);
		expect(told.sentence).not.toMatch(/onnxruntime_src|Users|\/data/);
	});

	it('loses places of the build, signatures and folders where nothing is known of it', () => {
		const places: [string, string][] = [
			[
				"Non-zero status code returned while running Reshape node. Name:'r' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:47 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{1,4}, requested shape:{3}\n",
				'in its step Reshape: input_shape_size == size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{1,4}, requested shape:{3}',
			],
			[
				'D:\\a\\_work\\1\\s\\onnxruntime\\core\\optimizer\\initializer.cc:31 onnxruntime::Initializer::Initializer(const class onnx::TensorProto&, const std::filesystem::path&) it went wrong',
				'it went wrong',
			],
			['cannot open /opt/somewhere/models/tiny.bin: no such file', 'cannot open tiny.bin: no such file'],
			['cannot open file:///opt/somewhere/library.mjs', 'cannot open library.mjs'],
			['1/2 of either/or at 3:4', '1/2 of either/or at 3:4'],
		];
		for (const [message, wanted] of places) expect(plainWords(message)).toBe(wanted);
		expect(plainWords(' \n ')).toBeNull();
		expect(said('')).toEqual({ code: 'engine_failed', sentence: 'The model failed.' });
		expect(plainWords('long '.repeat(500))?.length).toBe(200);
	});

	it('is not touched where it is ours already, and ends in time however it is made', () => {
		const ours = new Failure('template_rejected', 'The chat template of the model cannot be used.');
		expect(runtimeFailure(ours, 'engine_failed', 'The model failed')).toBe(ours);
		expect(runtimeFailure('a word', 'engine_failed', 'The model failed').message).toBe('The model failed (a word).');
		const started = performance.now();
		for (const hostile of [
			'::('.repeat(2000),
			'a/'.repeat(3000),
			'std::x<'.repeat(900),
			'/a'.repeat(2000),
			'const '.repeat(900),
			'a::'.repeat(1500),
			'x.'.repeat(2000),
			'a::b('.repeat(900),
		])
			expect(plainWords(`${hostile} f.cc:1`)?.length ?? 0).toBeLessThanOrEqual(200);
		expect(performance.now() - started).toBeLessThan(2000);
	});
});

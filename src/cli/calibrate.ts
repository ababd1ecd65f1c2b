// `modeldex calibrate`: fits a model's confidence to labelled texts and keeps the fit for later classifications.
import { z } from 'zod';
import { calibrationMethods } from '#lib/core/classify-calibration.ts';
import { labelSet } from '#lib/core/classify-labels.ts';
import { Failure } from '#lib/core/failure.ts';
import { categoriesOf, labelledLines, modelOf, modelOptions, numberOf } from './classify-input.ts';
import { command, option } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { strong } from './terminal.ts';

const figure = (value: number | null | undefined) => (value == null ? 'not known' : value.toFixed(3));

export const calibrateCommand = command({
	name: 'calibrate',
	summary: 'fit how sure a model is to labelled texts, for classifications with the same categories',
	args: z.strictObject({
		...modelOptions,
		data: option('file', 'labelled texts: {"text","label"} in each line'),
		categories: option('names', 'the categories; the labels of the texts when left out'),
		template: option('sentence', 'the sentence that will be used to classify'),
		method: option('name', `${calibrationMethods.join(', ')} (temperature)`),
		precision: option('number', 'how often a choice above its threshold shall be right (0.9)'),
		...settingOptions(machineFlags),
	}),
	run: async (
		{ model, data, categories, template, method, precision, dtype, models_dir: store, force, ...settings },
		terminal,
	) => {
		if (data === undefined) throw new Failure('usage', '--data is missing: the file with labelled texts.');
		const way = calibrationMethods.find((one) => one === (method ?? 'temperature'));
		if (way === undefined) throw new Failure('usage', `--method must be one of ${calibrationMethods.join(', ')}.`);
		const texts = await labelledLines(data);
		const found = [...new Set(texts.map(({ label }) => label))].map((name) => ({ name }));
		const set = labelSet(categories === undefined ? found : await categoriesOf(categories));
		const { withApp } = await import('./machine.ts');
		await withApp(settings, terminal, async ({ calibrations }, signal) => {
			const options = { categories: set, template, dtype, store, force, signal, allowFolder: true };
			const aim = numberOf('precision', precision, { least: 0.5, most: 1 }) ?? undefined;
			const kept = await calibrations.fit(texts, { ...options, model: modelOf(model), method: way, precision: aim });
			if (terminal.json) return terminal.document({ calibration: kept });
			const { temperature, thresholds } = kept.calibration;
			terminal.line(
				strong(kept.model),
				`  ${way} over ${texts.length} texts, temperature ${temperature.toPrecision(3)}`,
			);
			const { ece_before: before, ece_after: after } = kept.metrics;
			terminal.line(`calibration error  ${figure(before)} → ${figure(after)} (on these very texts)`);
			for (const [name, threshold] of Object.entries(thresholds))
				terminal.line(`threshold  ${threshold.toFixed(2)}  ${name}`);
		});
	},
});

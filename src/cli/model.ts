// The table of commands about models on this machine: `modeldex model <word>`; a new one is one more row.
import type { Command } from './command.ts';
import { modelDownloadCommand } from './model-download.ts';
import { modelImport, modelPath } from './model-import.ts';
import { modelLimits } from './model-limits.ts';
import { modelInfo, modelList } from './model-list.ts';
import { modelDrift, modelLock } from './model-lock.ts';
import { modelPrune, modelRemove } from './model-remove.ts';
import { modelVerify } from './model-verify.ts';

/** In the order of help. */
export const modelCommands: readonly Command[] = [
	modelList,
	modelDownloadCommand,
	modelInfo,
	modelPath,
	modelVerify,
	modelRemove,
	modelPrune,
	modelImport,
	modelLock,
	modelDrift,
	modelLimits,
];

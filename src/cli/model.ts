// The commands about the models on this machine, in the order of help.
import type { Command } from './command.ts';
import { modelDownloadCommand } from './model-download.ts';

/** Every `modeldex model …`. */
export const modelCommands: readonly Command[] = [modelDownloadCommand];

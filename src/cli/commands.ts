// The table of commands, in the order of help; a new command is one more row.
import type { Command } from './command.ts';
import { benchCommand } from './bench.ts';
import { calibrateCommand } from './calibrate.ts';
import { classifyCommand } from './classify.ts';
import { compatCommand } from './compat.ts';
import { discoverCommand } from './discover.ts';
import { doctorCommand } from './doctor.ts';
import { embedCommand, similarityCommand } from './embed.ts';
import { fitCommand } from './fit.ts';
import { infoCommand } from './info.ts';
import { modelCommands } from './model.ts';
import { registryCommands } from './registry.ts';
import { registryKeyCommands } from './registry-key.ts';
import { searchCommand } from './search.ts';
import { serveCommand } from './serve.ts';

/** Every command but `help`, which is about this table. */
export const commands: readonly Command[] = [
	serveCommand,
	searchCommand,
	infoCommand,
	fitCommand,
	compatCommand,
	discoverCommand,
	...modelCommands,
	classifyCommand,
	embedCommand,
	similarityCommand,
	calibrateCommand,
	benchCommand,
	doctorCommand,
	...registryCommands,
	...registryKeyCommands,
];

// The command line: picks a command from the table, runs it, and turns failures into exit codes.
import { serve } from './serve.ts';

await serve();

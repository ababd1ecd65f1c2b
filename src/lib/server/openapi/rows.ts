// Every address of the API: one more part is one more file with rows and one more line here.
import { downloadRows } from '#lib/server/openapi/downloads.ts';
import { localRows } from '#lib/server/openapi/local.ts';
import { modelRows } from '#lib/server/openapi/models.ts';
import { registryRows } from '#lib/server/openapi/registry.ts';
import type { ApiRow } from '#lib/server/openapi/row.ts';
import { systemRows } from '#lib/server/openapi/system.ts';

export const apiRows: readonly ApiRow[] = [...modelRows, ...localRows, ...downloadRows, ...registryRows, ...systemRows];

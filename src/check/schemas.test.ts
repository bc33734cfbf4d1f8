import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { indexEntrySchema, manifestSchema } from '../archive/schemas.ts';
import type { IndexEntry, Manifest } from '../model/backup.ts';
import type { Report } from '../model/report.ts';
import { reportSchema } from './report-schema.ts';

/** The published JSON Schemas are generated: UPDATE_SCHEMAS=1 npx vitest run src/check/schemas.test.ts writes them anew. */
const PUBLISHED: [string, string, z.ZodType][] = [
  ['manifest', 'manifest.json of a certkeep backup', manifestSchema],
  ['index', 'One line of index.ndjson of a certkeep backup', indexEntrySchema],
  ['report', 'The report of a certkeep command (--json)', reportSchema],
];

describe('schema/', () => {
  it.each(PUBLISHED)('%s.schema.json is what the program checks by', (name, title, schema) => {
    const url = new URL(`../../schema/${name}.schema.json`, import.meta.url);
    const { $schema, ...generated } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
    const text = `${JSON.stringify({ $schema, title, ...generated }, null, 2)}\n`;
    if (process.env.UPDATE_SCHEMAS === '1') writeFileSync(url, text);
    expect(readFileSync(url, 'utf8')).toBe(text);
  });

  it('says the same as the types of the model', () => {
    // Only the compiler judges this: what the types allow, the schemas must take.
    const report = (value: Report): z.input<typeof reportSchema> => value;
    const manifest = (value: Fields<Manifest>): z.input<typeof manifestSchema> => value;
    const index = (value: Fields<IndexEntry>): z.input<typeof indexEntrySchema> => value;
    expect([report, manifest, index]).toHaveLength(3);
  });
});

/** An interface as a plain type, all the way down: open shapes take no interfaces. */
type Fields<T> = T extends readonly unknown[]
  ? { [K in keyof T]: Fields<T[K]> }
  : T extends object
    ? { [K in keyof T]: Fields<T[K]> }
    : T;

import { type RightsOptions, type Use, withDefaults } from './options.ts';
import { resourceWords } from './right.ts';
import { PLACE_WORDS, type Row, TABLE } from './table.ts';

/** The table of rights for one use, as Markdown. */
export function rightsTable(use: Use): string {
  const options = withDefaults({ use });
  const rows = TABLE.filter((row) => row.uses.includes(use)).map((row) => {
    const cells = [
      row.verbs.join(', '),
      resourcesOf(row, options),
      PLACE_WORDS[row.place],
      [row.why, ...(row.when === undefined ? [] : [`(${row.when})`])].join(' '),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| verbs | resources | where | what for |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function resourcesOf(row: Row, options: RightsOptions): string {
  const resources = row.resources(options).map(({ group, plural }) => resourceWords({ group, resource: plural }));
  const names = (row.is?.(options) === false ? [] : (row.objects?.(options) ?? []))
    .map(({ name }) => name)
    .filter((name) => name !== '');
  const words = resources.length === 0 ? 'as named' : resources.join(', ');
  return names.length === 0 ? words : `${words} \`${names.join('`, `')}\``;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { upgradeGuide } from '../../scripts/upgrades.ts';

it('the upgrade guide lists the hazards as they are: npm run docs', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/upgrades.md'), 'utf8');
  expect(guide).toContain(`<!-- hazards -->\n${upgradeGuide()}\n<!-- /hazards -->`);
});

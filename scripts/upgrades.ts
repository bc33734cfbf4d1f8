import {
  CERTIFICATE_HAZARDS,
  CLUSTER_HAZARDS,
  type HazardEffect,
  type HazardLevel,
  ISSUER_HAZARDS,
} from '../src/reissue/hazards.ts';
import { compareVersions } from '../src/reissue/versions.ts';

const EFFECTS: Record<HazardEffect, string> = {
  reissue: 'may be issued anew by the upgrade',
  'next-issuance': 'the next issuance differs',
  renewal: 'renewals fail or move',
  cleanup: 'objects are deleted',
  upgrade: 'the upgrade fails',
};
const LEVELS: Record<HazardLevel, string> = {
  certificate: 'Certificate',
  issuer: 'issuer',
  maker: 'Ingress, Gateway or ListenerSet',
  cluster: 'installation',
};

const ROWS = [...CERTIFICATE_HAZARDS, ...ISSUER_HAZARDS, ...CLUSTER_HAZARDS];
type Entry = (typeof ROWS)[number];

const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');

function entry({ code, level, effect, since, until, message, advice, source, url, changes }: Entry): string {
  const releases = `since ${since.join(', ')}${until === undefined ? '' : `, until ${until.join(', ')}`}`;
  const change = changes === undefined ? '' : ' certkeep shows the change of the manifest.';
  return [
    `**\`${code}\`** · ${LEVELS[level]} · ${EFFECTS[effect]} · ${releases}`,
    `${message}`,
    `*What to do:* ${advice}${change} ([${source}](${url}))`,
  ].join('  \n');
}

/** The hazards as Markdown: by the minor release that first brought them, and then those of going back. */
export function upgradeGuide(): string {
  const forward = ROWS.filter(({ backwards }) => backwards !== true);
  const first = ({ since }: Entry): string => since[0] as string;
  const minors = [...new Set(forward.map((row) => minorOf(first(row))))].sort((a, b) =>
    compareVersions(`${a}.0`, `${b}.0`),
  );
  const sections = minors.map((minor) => [
    `## To ${minor} or later`,
    ...forward.filter((row) => minorOf(first(row)) === minor).map(entry),
  ]);
  const back = ['## Back to an older release', ...ROWS.filter(({ backwards }) => backwards === true).map(entry)];
  return [...sections, back].flat().join('\n\n');
}

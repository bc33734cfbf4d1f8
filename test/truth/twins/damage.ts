import type { Plan } from '../plan.ts';
import { damagedTwin, type Twin } from './twin.ts';

type Edit = (pem: string, plan: Plan) => string;

/** Decodes the first block, lets its DER be edited, and puts it back. */
const onDer =
  (edit: (der: Buffer, plan: Plan) => Buffer): Edit =>
  (pem, plan) => {
    const match = /-----BEGIN ([A-Z0-9 ]+)-----\n([A-Za-z0-9+/=\n]+)-----END [A-Z0-9 ]+-----\n/.exec(pem);
    if (match === null) return pem;
    const der = edit(Buffer.from(match[2] as string, 'base64'), plan);
    const body = der.toString('base64').replace(/(.{64})(?!$)/g, '$1\n');
    return pem.replace(match[0], `-----BEGIN ${match[1]}-----\n${body}\n-----END ${match[1]}-----\n`);
  };

const EDITS: Record<string, Edit> = {
  'flipped-byte': onDer((der, { random }) => {
    der[random.integer(0, der.length - 1)] = random.integer(0, 255);
    return der;
  }),
  'flipped-byte-early': onDer((der, { random }) => {
    der[random.integer(0, Math.min(60, der.length - 1))] = random.integer(0, 255);
    return der;
  }),
  'flipped-bit': onDer((der, { random }) => {
    const at = random.integer(0, der.length - 1);
    der[at] = (der[at] as number) ^ (1 << random.integer(0, 7));
    return der;
  }),
  'two-bytes-swapped': onDer((der, { random }) => {
    const at = random.integer(0, der.length - 2);
    [der[at], der[at + 1]] = [der[at + 1] as number, der[at] as number];
    return der;
  }),
  'byte-removed': onDer((der, { random }) => {
    const at = random.integer(0, der.length - 1);
    return Buffer.concat([der.subarray(0, at), der.subarray(at + 1)]);
  }),
  'byte-added': onDer((der, { random }) => {
    const at = random.integer(0, der.length);
    return Buffer.concat([der.subarray(0, at), Buffer.from([random.integer(0, 255)]), der.subarray(at)]);
  }),
  'cut-short': onDer((der, { random }) => der.subarray(0, random.integer(1, der.length - 1))),
  'trailing-zero': onDer((der) => Buffer.concat([der, Buffer.from([0])])),
  'long-length': onDer((der) =>
    Buffer.concat([Buffer.from([0x30, 0x83, 0, der[2] as number, der[3] as number]), der.subarray(4)]),
  ),
  'pem-header': (pem) => pem.replace(/-----\n/, '-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n'),
  'pem-character-removed': (pem, { random }) => {
    const at = random.integer(0, pem.length - 1);
    return pem.slice(0, at) + pem.slice(at + 1);
  },
  'pem-character-changed': (pem, { random }) => {
    const at = random.integer(0, pem.length - 1);
    return pem.slice(0, at) + random.pick(['-', '\n', ' ', '=', 'A', ':', '\t', '!', '\0', 'é']) + pem.slice(at + 1);
  },
  'pem-cut-short': (pem, { random }) => pem.slice(0, random.integer(1, pem.length - 1)),
  'pem-spaces': (pem) => pem.replaceAll('\n', ' \n'),
  'pem-indented': (pem) => pem.replaceAll(/^/gm, '  '),
  'pem-one-line': (pem) => pem.replaceAll('\n', ''),
  'pem-body-in-one-line': (pem) => pem.replaceAll(/([A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, '$1'),
  'pem-blank-lines': (pem) => pem.replaceAll('\n', '\n\n'),
  'pem-begin-before': (pem) => `-----BEGIN CERTIFICATE-----\n${pem}`,
  'pem-begin-garbage-before': (pem) => `-----BEGIN X-----\nAAAA\n-----END Y-----\n${pem}`,
  'pem-lower-case': (pem) => pem.toLowerCase(),
  'pem-utf16': (pem) => Buffer.from(pem, 'utf16le').toString('latin1'),
  'pem-bom': (pem) => `\ufeff${pem}`,
  'pem-empty-block-before': (pem) => `-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n${pem}`,
  'pem-padding-bits': (pem) => pem.replace(/A=\n/, 'B=\n').replace(/A==\n/, 'B==\n'),
};

export const DAMAGE: Twin[] = Object.entries(EDITS).flatMap(([name, edit]) => [
  damagedTwin(`key-${name}`, (plan) => {
    plan.editKey = (pem) => edit(pem, plan);
  }),
  damagedTwin(`certificate-${name}`, (plan) => {
    plan.editCertificate = (pem) => edit(pem, plan);
  }),
  damagedTwin(`request-${name}`, (plan) => {
    plan.withRequest = true;
    plan.editRequest = (pem) => edit(pem, plan);
  }),
]);

import { invalid, type Read, strictly, Unclear } from './read.ts';
import type { Rules } from './versions.ts';

/** One PEM block. */
export interface PemBlock {
  type: string;
  der: Buffer;
}

const BEGIN = '-----BEGIN ';

/**
 * The first PEM block of a text as Go's encoding/pem finds it, and where the text goes on; undefined where Go finds none
 * (its ErrNoPEMData). Standard blocks only: no headers, no stray dashes; else throws Unclear.
 * Text before a block is skipped, as Go does.
 */
function nextBlock(text: string, from: number): { block: PemBlock; next: number } | undefined {
  const begin = text.indexOf('-----', from);
  if (begin < 0) return undefined;
  if (begin !== from && text[begin - 1] !== '\n') throw new Unclear('dashes within a line');
  if (!text.startsWith(BEGIN, begin)) throw new Unclear('PEM block does not begin');
  const typeEnd = text.indexOf('-----', begin + BEGIN.length);
  const type = typeEnd < 0 ? '' : text.slice(begin + BEGIN.length, typeEnd);
  if (!/^[A-Z0-9]+( [A-Z0-9]+)*$/.test(type)) throw new Unclear('PEM block has no plain type');
  const bodyStart = lineEnd(text, typeEnd + 5);
  const end = text.indexOf('-----', bodyStart);
  if (end < 0 || !text.startsWith(`-----END ${type}-----`, end)) throw new Unclear('PEM block does not end');
  if (end === bodyStart || text[end - 1] !== '\n') throw new Unclear('PEM block is empty or its end not on a line');
  const next = lineEnd(text, end + type.length + 14, true);
  return { block: { type, der: decodeBody(text.slice(bodyStart, end)) }, next };
}

/** Where the next line begins; only a line break may stand at `at` (or, with `orEnd`, the end of the text). */
function lineEnd(text: string, at: number, orEnd = false): number {
  if (orEnd && at === text.length) return at;
  if (text[at] === '\n') return at + 1;
  if (text[at] === '\r' && text[at + 1] === '\n') return at + 2;
  throw new Unclear('PEM line does not end');
}

function decodeBody(body: string): Buffer {
  const base64 = body.replace(/\r?\n/g, '');
  const der = decodeBase64(base64);
  if (der === undefined || der.length === 0) throw new Unclear('PEM block is not base64');
  return der;
}

/** Standard base64 with padding, and nothing else; undefined where it is not. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return undefined;
  // Node leaves out whatever is not base64, so that the result is then too short. Much faster than a regular expression.
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return bytes.length === (text.length / 4) * 3 - padding ? bytes : undefined;
}

const NO_PEM = 'no PEM data was found in given input';
const tooLarge = (limit: number): string => `provided PEM data was larger than the maximum ${limit}B`;

/**
 * The first block of tls.key (pkg/util/pki/parse.go DecodePrivateKeyBytes and internal/pem/decode.go of cert-manager).
 * The errors are cert-manager's own; where Go's parser would speak the result is unclear.
 */
export function privateKeyBlock(bytes: Buffer, rules: Rules): Read<PemBlock> {
  const read = firstBlock('the private key', bytes, rules.privateKeyPemLimit);
  if (read.kind !== 'invalid') return read;
  const detail = rules.pemErrorDetail ? `: ${read.error}` : '';
  return invalid(`error decoding private key PEM block${detail}`);
}

/** The block of a certificate request (DecodeX509CertificateRequestBytes). */
export function requestBlock(bytes: Buffer, rules: Rules): Read<PemBlock> {
  const read = firstBlock('the certificate request', bytes, rules.requestPemLimit);
  if (read.kind !== 'invalid') return read;
  const detail = rules.pemErrorDetail ? `: ${read.error}` : '';
  return invalid(`error decoding certificate request PEM block${detail}`);
}

function firstBlock(what: string, bytes: Buffer, limit: number | undefined): Read<PemBlock> {
  if (limit !== undefined && bytes.length > limit) return invalid(tooLarge(limit));
  const read = strictly(what, () => nextBlock(bytes.toString('latin1'), 0));
  if (read.kind !== 'read') return read;
  return read.value === undefined ? invalid(NO_PEM) : { kind: 'read', value: read.value.block };
}

/** More blocks than any chain has: bounds the work on a hostile Secret. */
const MAX_BLOCKS = 400;

/** All blocks of tls.crt, at least one (DecodeX509CertificateSetBytes); types are not looked at, as upstream. */
export function certificateBlocks(bytes: Buffer, rules: Rules): Read<PemBlock[]> {
  const limit = rules.certificatePemLimit;
  if (limit !== undefined && bytes.length > limit) return invalid(tooLarge(limit));
  const read = strictly('the certificate', () => {
    const text = bytes.toString('latin1');
    const blocks: PemBlock[] = [];
    for (let from = 0; ; ) {
      const found = nextBlock(text, from);
      if (found === undefined) return blocks;
      blocks.push(found.block);
      if (blocks.length > MAX_BLOCKS) throw new Unclear('too many PEM blocks');
      from = found.next;
    }
  });
  if (read.kind !== 'read' || read.value.length > 0) return read;
  return invalid(`error decoding certificate PEM block${rules.pemErrorDetail ? ': no valid certificates found' : ''}`);
}

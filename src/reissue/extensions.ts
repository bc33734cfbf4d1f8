import { constructed, context, Der, TAG } from './der.ts';
import { Unclear } from './read.ts';
import { type AltNames, NO_ALT_NAMES, readAltNames } from './san.ts';

const SAN = '2.5.29.17';

/** One extension as it stands in a certificate or request. */
interface Extension {
  oid: string;
  critical: boolean;
  value: Buffer;
}

/** The extensions in a SEQUENCE OF Extension, given its content; a repeated one is refused, as in Go. */
function readExtensions(sequence: Der): Extension[] {
  const extensions: Extension[] = [];
  while (!sequence.empty) {
    const one = sequence.read(TAG.sequence);
    const oid = one.oid();
    const critical = one.peek() === TAG.boolean && one.boolean();
    const value = one.content(TAG.octetString);
    one.finish();
    if (extensions.some((e) => e.oid === oid)) throw new Unclear('a repeated extension');
    extensions.push({ oid, critical, value });
  }
  return extensions;
}

/** The alternative names among a request's extensions; Go reads no other extension of a request. */
export function requestExtensions(sequence: Der): AltNames {
  const san = readExtensions(sequence).find((e) => e.oid === SAN);
  return san === undefined ? NO_ALT_NAMES : readAltNames(san.value);
}

/**
 * The alternative names among a certificate's extensions. The others are looked at as far as Go does
 * (crypto/x509 processExtensions), because a malformed one makes Go refuse the certificate; unknown ones it leaves alone.
 */
export function certificateExtensions(sequence: Der): AltNames {
  let names = NO_ALT_NAMES;
  for (const { oid, critical, value } of readExtensions(sequence)) {
    if (oid === SAN) {
      names = readAltNames(value);
      continue;
    }
    const check = CHECKS[oid];
    if (check === undefined) continue;
    if (critical && NEVER_CRITICAL.has(oid)) throw new Unclear('an extension is critical that must not be');
    const der = new Der(value);
    check(der);
    der.finish();
  }
  return names;
}

const NEVER_CRITICAL = new Set(['2.5.29.14', '2.5.29.35', '1.3.6.1.5.5.7.1.1']);

/** Reads a known extension's value to its end; throws Unclear at anything unusual. */
const CHECKS: Record<string, (der: Der) => void> = {
  '2.5.29.14': (der) => {
    der.content(TAG.octetString);
  },
  '2.5.29.15': (der) => {
    const bits = der.content(TAG.bitString);
    const unused = bits[0];
    const last = bits.at(-1) as number;
    if (unused === undefined || unused > 7 || (unused > 0 && (bits.length < 2 || (last & ((1 << unused) - 1)) !== 0))) {
      throw new Unclear('key usage is not DER');
    }
  },
  '2.5.29.19': (der) => {
    const sequence = der.read(TAG.sequence);
    if (sequence.peek() === TAG.boolean) sequence.boolean();
    if (sequence.peek() === TAG.integer) sequence.small();
    sequence.finish();
  },
  '2.5.29.30': checkNameConstraints,
  '2.5.29.31': (der) => {
    const points = der.read(TAG.sequence);
    while (!points.empty) {
      const point = points.read(TAG.sequence);
      const name = point.optional(constructed(0));
      point.optional(context(1));
      point.optional(constructed(2));
      point.finish();
      if (name === undefined) continue;
      const full = new Der(name);
      const names = full.read(constructed(0));
      full.finish();
      while (!names.empty) names.any();
    }
  },
  '2.5.29.32': (der) => {
    const policies = der.read(TAG.sequence);
    const seen = new Set<string>();
    while (!policies.empty) {
      const policy = policies.read(TAG.sequence);
      const oid = policy.oid();
      if (seen.has(oid)) throw new Unclear('a repeated certificate policy');
      seen.add(oid);
      policy.optional(TAG.sequence);
      policy.finish();
    }
  },
  '2.5.29.33': (der) => {
    const mappings = der.read(TAG.sequence);
    while (!mappings.empty) {
      const mapping = mappings.read(TAG.sequence);
      mapping.oid();
      mapping.oid();
      mapping.finish();
    }
  },
  '2.5.29.35': (der) => {
    const sequence = der.read(TAG.sequence);
    sequence.optional(context(0));
    sequence.optional(constructed(1));
    sequence.optional(context(2));
    sequence.finish();
  },
  '2.5.29.36': (der) => {
    const sequence = der.read(TAG.sequence);
    for (const tag of [context(0), context(1)]) {
      const value = sequence.optional(tag);
      if (value !== undefined && (value.length !== 1 || (value[0] as number) > 0x7f))
        throw new Unclear('policy constraints');
    }
    sequence.finish();
  },
  '2.5.29.37': (der) => {
    const usages = der.read(TAG.sequence);
    while (!usages.empty) usages.oid();
  },
  '2.5.29.54': (der) => {
    der.small();
  },
  '1.3.6.1.5.5.7.1.1': (der) => {
    const descriptions = der.read(TAG.sequence);
    while (!descriptions.empty) {
      const description = descriptions.read(TAG.sequence);
      description.oid();
      description.any();
      description.finish();
    }
  },
};

const DOMAIN = /^\.?[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$/;
const MAILBOX = /^[A-Za-z0-9._+-]{1,64}$/;

function checkNameConstraints(der: Der): void {
  const outer = der.read(TAG.sequence);
  const subtrees = [outer.optional(constructed(0)), outer.optional(constructed(1))];
  outer.finish();
  if (!subtrees.some((s) => s !== undefined && s.length > 0)) throw new Unclear('empty name constraints');
  for (const subtree of subtrees) {
    if (subtree === undefined) continue;
    const list = new Der(subtree);
    while (!list.empty) {
      const one = list.read(TAG.sequence);
      const { tag, content } = one.any();
      one.finish();
      if (!isPlainConstraint(tag, content)) throw new Unclear('an unusual name constraint');
    }
  }
}

function isPlainConstraint(tag: number, content: Buffer): boolean {
  const text = content.toString('latin1');
  switch (tag) {
    case context(1): {
      const at = text.indexOf('@');
      return at < 0
        ? text === '' || DOMAIN.test(text)
        : MAILBOX.test(text.slice(0, at)) &&
            !text.startsWith('.') &&
            DOMAIN.test(text.slice(at + 1)) &&
            !text.includes('..') &&
            !text.includes('.@') &&
            text[at + 1] !== '.';
    }
    case context(2):
      return text === '' || DOMAIN.test(text);
    case context(6):
      return DOMAIN.test(text) && /[A-Za-z]/.test(text);
    case context(7):
      return (content.length === 8 || content.length === 32) && isMask(content.subarray(content.length / 2));
    case constructed(4):
      return true;
    default:
      return false;
  }
}

function isMask(bytes: Buffer): boolean {
  return /^1*0*$/.test([...bytes].map((b) => b.toString(2).padStart(8, '0')).join(''));
}

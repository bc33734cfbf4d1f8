import { CertkeepError } from '../model/problems.ts';
import { SECOND } from './goDuration.ts';

/**
 * What differs between the releases of cert-manager, 1.11 to 1.21, in the decision to reissue. Each field names the
 * change and the first releases that have it.
 */
export interface Rules {
  /** The release that was asked for, without v. */
  version: string;
  /** False where that release is newer than certkeep knows: then it is judged by the newest rules known. */
  known: boolean;
  /**
   * The chain and its policies were rewritten in 1.13.0 (upstream #6168, #6176). Before: the issuer's annotations are
   * compared strictly and after the key, the key pair is checked by tls.X509KeyPair, the public key is not compared
   * with the current request's, and some messages read otherwise.
   */
  rewrittenChain: boolean;
  /**
   * Secrets come from two caches, one for the label fao "true", one for those without it (SecretsFilteredCaching, on by
   * default since 1.13.0): a Secret with another value of the label is in neither.
   */
  filteredSecrets: boolean;
  /** The policy on the certificate-name annotation, and ownership of a shared Secret: 1.13.2. */
  certificateName: boolean;
  /**
   * Which of several Certificates owns a Secret that names none of them: 1.13.2 and 1.13.3 sorted one list by another,
   * which is in no order (mended in 1.13.4).
   */
  ownerByChance: boolean;
  /** IP addresses are compared parsed and not as strings: 1.12.4 and 1.13.0. */
  parsedIPs: boolean;
  /**
   * With a literalSubject, everything else is compared too: 1.12.0. Before, only the subject; and the fields that differ
   * are named in another order.
   */
  literalSubjectBesides: boolean;
  /** literalSubject is compared as DER bytes: 1.15.0. Before, attribute by attribute. */
  literalSubjectDer: boolean;
  /** spec.otherNames is compared: 1.14.0. */
  otherNames: boolean;
  /** An absent kind or group of an issuerRef equals the default: 1.18.3, 1.19.1, 1.20.0. Before, "" differs from it. */
  issuerRefDefaults: boolean;
  /**
   * Any DNS name in a certificate is taken. Before 1.20.0 some builds had a Go that refuses odd ones (a trailing dot, an
   * empty label: upstream #8177), so that these cannot be decided.
   */
  looseDnsNames: boolean;
  /** The CRDs fill in kind and group of an absent issuerRef: 1.19.0 only. */
  issuerRefCrdDefaults: boolean;
  /** A Certificate that is being deleted is left alone by the trigger: 1.18.0. */
  deletionGate: boolean;
  /** A difference in provinces is called spec.subject.provinces: 1.20.0. Before, it was called postCodes. */
  provincesNamed: boolean;
  /** spec.renewBeforePercentage: 1.16.0, inverted until 1.16.3, in 64-bit integers until 1.21.0. */
  renewBeforePercentage: 'absent' | 'inverted' | 'integer' | 'float';
  /** renewBefore counts only when positive: 1.16.0. */
  renewBeforePositive: boolean;
  /** spec.renewal: 1.21.0, whose controller crashes on the policy Disabled; mended in 1.21.1. */
  renewal: 'absent' | 'disabled-crashes' | 'full';
  /** How many years ahead the next opening of a renewal window is searched: 5, since 1.21.2 9. */
  cronSearchYears: number;
  /** Back-off: doubles per attempt up to 32 h. Since 1.21.0 clamped; before, at 32 h after the sixth attempt. */
  clampedBackoff: boolean;
  /** Nanoseconds; flags may change them: the minimum since 1.20.0, the maximum too since 1.21.0. */
  minimumBackoff: bigint;
  maximumBackoff: bigint;
  configurableBackoff: 'none' | 'minimum' | 'both';
  /** Limits of the size of PEM texts in bytes; undefined where there is none. */
  privateKeyPemLimit: number | undefined;
  requestPemLimit: number | undefined;
  certificatePemLimit: number | undefined;
  /** Flags may change these limits: 1.20.0. */
  configurablePemLimits: boolean;
  /** The window that an ACME server suggests decides: only behind the feature gate ACMEUseARI, since 1.21.0. */
  acmeRenewalInfo: boolean;
  /** Errors of PEM decoding say why: 1.18.3, 1.19.0. */
  pemErrorDetail: boolean;
}

const HOUR = 3600n * SECOND;

type Triple = readonly [number, number, number];

const OLDEST: Triple = [1, 11, 0];
/** The newest release whose source the rules were read from: by its rules is judged where no version is known. */
export const NEWEST_KNOWN = '1.21.2';
const NEWEST_MINOR = 21;

const cache = new Map<string, Rules>();

/**
 * The rules of one release. `version` is `1.21.2` or `v1.21.2`; a pre-release or build suffix is ignored.
 * Throws CertkeepError `unsupported-cert-manager` for a release before 1.11, `wrong-usage` for what is no version.
 */
export function rulesFor(version: string): Rules {
  const cached = cache.get(version);
  if (cached !== undefined) return cached;
  const triple = parse(version);
  if (compare(triple, OLDEST) < 0) {
    throw new CertkeepError(
      'unsupported-cert-manager',
      `cert-manager ${version} is older than 1.11, the oldest release whose decision certkeep knows.`,
      'Upgrade cert-manager to 1.11 or later, or name a later one with --cert-manager-version.',
    );
  }
  const rules = build(triple);
  if (cache.size < 100) cache.set(version, rules);
  return rules;
}

function build(v: Triple): Rules {
  const since = (...fixes: string[]): boolean => isSince(v, fixes);
  const hasLimits = since('1.12.14', '1.15.4', '1.16.2', '1.17.0');
  const largeRequests = since('1.18.3', '1.19.0');
  return {
    version: v.join('.'),
    known: v[0] === 1 && v[1] <= NEWEST_MINOR,
    rewrittenChain: since('1.13.0'),
    filteredSecrets: since('1.13.0'),
    certificateName: since('1.13.2'),
    ownerByChance: since('1.13.2') && !since('1.13.4'),
    parsedIPs: since('1.12.4', '1.13.0'),
    literalSubjectBesides: since('1.12.0'),
    literalSubjectDer: since('1.15.0'),
    otherNames: since('1.14.0'),
    issuerRefDefaults: since('1.18.3', '1.19.1'),
    looseDnsNames: since('1.20.0'),
    issuerRefCrdDefaults: since('1.19.0') && !since('1.19.1'),
    deletionGate: since('1.18.0'),
    provincesNamed: since('1.20.0'),
    renewBeforePercentage: since('1.21.0')
      ? 'float'
      : since('1.16.3')
        ? 'integer'
        : since('1.16.0')
          ? 'inverted'
          : 'absent',
    renewBeforePositive: since('1.16.0'),
    renewal: since('1.21.1') ? 'full' : since('1.21.0') ? 'disabled-crashes' : 'absent',
    cronSearchYears: since('1.21.2') ? 9 : 5,
    clampedBackoff: since('1.21.0'),
    minimumBackoff: HOUR,
    maximumBackoff: 32n * HOUR,
    configurableBackoff: since('1.21.0') ? 'both' : since('1.20.0') ? 'minimum' : 'none',
    privateKeyPemLimit: hasLimits ? 13000 : undefined,
    requestPemLimit: largeRequests ? 36500 : hasLimits ? 6500 : undefined,
    certificatePemLimit: since('1.17.0') ? 330000 : hasLimits ? 65000 : undefined,
    configurablePemLimits: since('1.20.0'),
    acmeRenewalInfo: false,
    pemErrorDetail: largeRequests,
  };
}

/** Orders two versions; throws as `rulesFor` does for what is none. */
export function compareVersions(a: string, b: string): number {
  return compare(parse(a), parse(b));
}

/**
 * Whether a release has a change that first appeared in these releases, one per minor release, in ascending order.
 * Throws as `rulesFor` does for what is no version.
 */
export function hasChange(version: string, fixes: readonly string[]): boolean {
  return isSince(parse(version), fixes);
}

/**
 * Whether a release has a change that first appeared in these, one per minor release at most, in ascending order: minor
 * releases after the last one have it; a minor release that is not listed between two others does not.
 */
function isSince(v: Triple, fixes: readonly string[]): boolean {
  const triples = fixes.map(parse);
  const own = triples.find((fix) => fix[0] === v[0] && fix[1] === v[1]);
  const first = own ?? triples.at(-1);
  return first !== undefined && compare(v, first) >= 0;
}

function parse(version: string): Triple {
  const match = /^v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(?:[-+].{0,100})?$/.exec(version);
  if (match === null) {
    throw new CertkeepError(
      'wrong-usage',
      `"${version.slice(0, 60)}" is not a version of cert-manager.`,
      'Write it as 1.21.2 or v1.21.2.',
    );
  }
  return [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

function compare(a: Triple, b: Triple): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

import { parseDuration } from './goDuration.ts';
import type { Rules } from './versions.ts';

/**
 * The arguments of cert-manager's controller that bear on its decision (cmd/controller/app/options/options.go). A field
 * that is absent was not given: the release's own default holds.
 */
export interface ControllerFlags {
  /** Bytes: --max-certificate-size (also for certificate requests), since 1.20. */
  maxCertificateSize?: number;
  /** Bytes: --max-private-key-size, since 1.20. */
  maxPrivateKeySize?: number;
  /** Bytes: --max-certificate-chain-length, since 1.20. Bears on issuing, not on the decision. */
  maxCertificateChainLength?: number;
  /** Bytes: --max-certificate-bundle-size, since 1.20: the limit of tls.crt. */
  maxCertificateBundleSize?: number;
  /** Nanoseconds: --certificate-request-minimum-backoff-duration, since 1.20. */
  minimumBackoff?: bigint;
  /** Nanoseconds: --certificate-request-maximum-backoff-duration, since 1.21. */
  maximumBackoff?: bigint;
  enableGatewayApi?: boolean;
  enableCertificateOwnerRef?: boolean;
  /** Those that were set, by name. */
  featureGates: Record<string, boolean>;
  /** Names of all flags that were given, without --; the same one is named once. */
  given: string[];
  /** Flags of the above whose value is no such value, for instance a reference to an environment variable. */
  unreadable: string[];
}

type Values = Omit<ControllerFlags, 'featureGates' | 'given' | 'unreadable'>;
type Reader = (text: string) => Values | undefined;

const bytes =
  (field: 'maxCertificateSize' | 'maxPrivateKeySize' | 'maxCertificateChainLength' | 'maxCertificateBundleSize') =>
  (text: string): Values | undefined =>
    /^[+-]?\d{1,15}$/.test(text) ? { [field]: Number(text) } : undefined;

const duration =
  (field: 'minimumBackoff' | 'maximumBackoff') =>
  (text: string): Values | undefined => {
    const value = parseDuration(text);
    return value === undefined ? undefined : { [field]: value };
  };

const boolean =
  (field: 'enableGatewayApi' | 'enableCertificateOwnerRef') =>
  (text: string): Values | undefined => {
    const value = parseBool(text);
    return value === undefined ? undefined : { [field]: value };
  };

const READERS: Record<string, Reader> = {
  'max-certificate-size': bytes('maxCertificateSize'),
  'max-private-key-size': bytes('maxPrivateKeySize'),
  'max-certificate-chain-length': bytes('maxCertificateChainLength'),
  'max-certificate-bundle-size': bytes('maxCertificateBundleSize'),
  'certificate-request-minimum-backoff-duration': duration('minimumBackoff'),
  'certificate-request-maximum-backoff-duration': duration('maximumBackoff'),
  'enable-gateway-api': boolean('enableGatewayApi'),
  'enable-certificate-owner-ref': boolean('enableCertificateOwnerRef'),
};
const BOOLEANS = new Set(['enable-gateway-api', 'enable-certificate-owner-ref']);

/**
 * Reads the arguments of the controller's container, `--name=value` or `--name value`. As its own parser does (pflag),
 * of a flag that is given twice the last one counts, and --feature-gates adds up. Arguments that do not bear on the
 * decision are only named in `given`. `config` is the ControllerConfiguration of --config, as parsed YAML, where it is
 * known: arguments win over it, and feature gates among the arguments replace all of its.
 */
export function controllerFlags(args: readonly string[], config?: unknown): ControllerFlags {
  const flags: ControllerFlags = { featureGates: {}, given: [], unreadable: [] };
  if (config !== undefined) readConfig(config, flags, args);
  for (let i = 0; i < args.length; i++) {
    const match = /^--([^=\s]+)(?:=(.*))?$/s.exec(args[i] as string);
    if (match === null) continue;
    const name = match[1] as string;
    if (!flags.given.includes(name)) flags.given.push(name);
    const reader = READERS[name];
    if (reader === undefined && name !== 'feature-gates') continue;
    let text = match[2];
    if (text === undefined && BOOLEANS.has(name)) text = 'true';
    // What follows a flag without = is its value, whatever it looks like.
    if (text === undefined) text = args[++i] ?? '';
    flags.unreadable = flags.unreadable.filter((other) => other !== name);
    const read = reader === undefined ? readGates(text, flags.featureGates) : reader(text);
    if (read === undefined) flags.unreadable.push(name);
    else Object.assign(flags, read);
  }
  return flags;
}

/** Where a ControllerConfiguration has what the flags have (pkg/apis/config/controller/v1alpha1/types.go). */
const CONFIG: [flag: string, ...path: string[]][] = [
  ['max-certificate-size', 'pemSizeLimitsConfig', 'maxCertificateSize'],
  ['max-private-key-size', 'pemSizeLimitsConfig', 'maxPrivateKeySize'],
  ['max-certificate-chain-length', 'pemSizeLimitsConfig', 'maxChainLength'],
  ['max-certificate-bundle-size', 'pemSizeLimitsConfig', 'maxBundleSize'],
  ['certificate-request-minimum-backoff-duration', 'certificateRequestMinimumBackoffDuration'],
  ['certificate-request-maximum-backoff-duration', 'certificateRequestMaximumBackoffDuration'],
  ['enable-gateway-api', 'enableGatewayAPI'],
  ['enable-gateway-api', 'gatewayAPI', 'enabled'],
  ['enable-certificate-owner-ref', 'enableCertificateOwnerRef'],
];

function readConfig(config: unknown, flags: ControllerFlags, args: readonly string[]): void {
  for (const [name, ...path] of CONFIG) {
    const value = valueAt(config, path);
    // In the configuration, zero is no value: the default holds.
    if (value === undefined || value === 0 || /^0[a-z]*$/.test(String(value))) continue;
    const read = READERS[name]?.(String(value));
    if (read === undefined) flags.unreadable.push(name);
    else Object.assign(flags, read);
  }
  if (args.some((arg) => /^--feature-gates(=|$)/.test(arg))) return;
  const gates = valueAt(config, ['featureGates']);
  for (const [name, value] of Object.entries(typeof gates === 'object' && gates !== null ? gates : {})) {
    if (typeof value === 'boolean') flags.featureGates[name] = value;
    else if (!flags.unreadable.includes('feature-gates')) flags.unreadable.push('feature-gates');
  }
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const field of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[field];
  }
  return value ?? undefined;
}

function readGates(text: string, gates: Record<string, boolean>): Values | undefined {
  for (const one of text.split(',').filter((part) => part.trim() !== '')) {
    const at = one.indexOf('=');
    const value = at < 0 ? undefined : parseBool(one.slice(at + 1).trim());
    if (value === undefined) return undefined;
    gates[one.slice(0, at).trim()] = value;
  }
  return {};
}

/** strconv.ParseBool */
function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined;
}

/** The first flag that bears on the decision and cannot be read, if there is one. */
export function unreadableFlag(flags: ControllerFlags | undefined): string | undefined {
  return flags?.unreadable.find((name) => DECISIVE.has(name));
}

const DECISIVE = new Set([
  'max-certificate-size',
  'max-private-key-size',
  'max-certificate-bundle-size',
  'certificate-request-minimum-backoff-duration',
  'certificate-request-maximum-backoff-duration',
  'feature-gates',
]);

/** The rules as these flags make them; flags that the release does not know are left out. */
export function withFlags(rules: Rules, flags: ControllerFlags | undefined): Rules {
  if (flags === undefined) return rules;
  const changed: Partial<Rules> = {};
  if (rules.configurablePemLimits) {
    changed.requestPemLimit = flags.maxCertificateSize ?? rules.requestPemLimit;
    changed.privateKeyPemLimit = flags.maxPrivateKeySize ?? rules.privateKeyPemLimit;
    changed.certificatePemLimit = flags.maxCertificateBundleSize ?? rules.certificatePemLimit;
  }
  if (rules.configurableBackoff !== 'none') changed.minimumBackoff = flags.minimumBackoff ?? rules.minimumBackoff;
  if (rules.configurableBackoff === 'both') changed.maximumBackoff = flags.maximumBackoff ?? rules.maximumBackoff;
  if (rules.renewal !== 'absent') {
    changed.acmeRenewalInfo = flags.featureGates.ACMEUseARI ?? flags.featureGates.AllAlpha ?? false;
  }
  const { SecretsFilteredCaching, AllBeta } = flags.featureGates;
  const byDefault = rules.filteredSecrets ? (AllBeta ?? true) : false;
  changed.filteredSecrets = SecretsFilteredCaching ?? byDefault;
  return { ...rules, ...changed };
}

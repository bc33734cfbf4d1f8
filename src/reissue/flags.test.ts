import { describe, expect, it } from 'vitest';
import type { Certificate } from '../model/objects.ts';
import { decide } from './decide.ts';
import { controllerFlags, withFlags } from './flags.ts';
import { rulesFor } from './versions.ts';

const HOUR = 3_600_000_000_000n;

describe('the arguments of the controller', () => {
  it('are read in both spellings, the last one counts', () =>
    expect(
      controllerFlags([
        '--v=2',
        '--max-certificate-size=100',
        '--max-certificate-size',
        '50000',
        '--max-private-key-size=20000',
        '--max-certificate-chain-length=1',
        '--max-certificate-bundle-size=400000',
        '--certificate-request-minimum-backoff-duration=2h',
        '--certificate-request-maximum-backoff-duration=90m',
        '--enable-gateway-api',
        '--enable-certificate-owner-ref=false',
        '-x',
        'y',
      ]),
    ).toEqual({
      maxCertificateSize: 50000,
      maxPrivateKeySize: 20000,
      maxCertificateChainLength: 1,
      maxCertificateBundleSize: 400000,
      minimumBackoff: 2n * HOUR,
      maximumBackoff: (3n * HOUR) / 2n,
      enableGatewayApi: true,
      enableCertificateOwnerRef: false,
      featureGates: {},
      given: [
        'v',
        'max-certificate-size',
        'max-private-key-size',
        'max-certificate-chain-length',
        'max-certificate-bundle-size',
        'certificate-request-minimum-backoff-duration',
        'certificate-request-maximum-backoff-duration',
        'enable-gateway-api',
        'enable-certificate-owner-ref',
      ],
      unreadable: [],
    }));

  it('add feature gates up', () =>
    expect(
      controllerFlags(['--feature-gates=ACMEUseARI=true, OtherNames=false', '--feature-gates', 'ACMEUseARI=F'])
        .featureGates,
    ).toEqual({ ACMEUseARI: false, OtherNames: false }));

  it('whose value cannot be read are named, and nothing is decided with them', () => {
    const flags = controllerFlags([
      '--max-certificate-size=$(SIZE)',
      '--certificate-request-minimum-backoff-duration=soon',
      '--feature-gates=ACMEUseARI',
      '--enable-gateway-api=perhaps',
      '--max-private-key-size=x',
      '--max-private-key-size=1',
    ]);
    expect(flags.unreadable).toEqual([
      'max-certificate-size',
      'certificate-request-minimum-backoff-duration',
      'feature-gates',
      'enable-gateway-api',
    ]);
    const certificate = {
      kind: 'Certificate',
      metadata: { name: 'a' },
      spec: { secretName: 's', issuerRef: { name: 'i' } },
    } as unknown as Certificate;
    const input = { certificate, secret: undefined, requests: [], siblings: [] };
    expect(decide(input, { now: new Date(0), version: '1.21.2', flags })).toMatchObject({
      outcome: 'undecidable',
      message: "the value of the controller's flag --max-certificate-size cannot be read",
    });
  });
});

describe('the configuration file of the controller', () => {
  const config = {
    apiVersion: 'controller.config.cert-manager.io/v1alpha1',
    featureGates: { ACMEUseARI: true, OtherNames: false },
    pemSizeLimitsConfig: { maxCertificateSize: 5, maxPrivateKeySize: 0, maxChainLength: 7, maxBundleSize: 8 },
    certificateRequestMinimumBackoffDuration: '2h',
    certificateRequestMaximumBackoffDuration: '0s',
    gatewayAPI: { enabled: true },
  };
  it('gives what the arguments do not', () =>
    expect(controllerFlags(['--config=/x', '--max-certificate-size=6'], config)).toEqual({
      maxCertificateSize: 6,
      maxCertificateChainLength: 7,
      maxCertificateBundleSize: 8,
      minimumBackoff: 2n * HOUR,
      enableGatewayApi: true,
      featureGates: { ACMEUseARI: true, OtherNames: false },
      given: ['config', 'max-certificate-size'],
      unreadable: [],
    }));
  it('loses all its feature gates to those of the arguments', () =>
    expect(controllerFlags(['--feature-gates=NameConstraints=true'], config).featureGates).toEqual({
      NameConstraints: true,
    }));
  it('may be broken', () =>
    expect(
      controllerFlags([], { featureGates: { ACMEUseARI: 'yes' }, enableGatewayAPI: 7, pemSizeLimitsConfig: [] })
        .unreadable,
    ).toEqual(['enable-gateway-api', 'feature-gates']));
});

describe('the rules under flags', () => {
  const flags = controllerFlags([
    '--max-certificate-size=1',
    '--max-private-key-size=2',
    '--max-certificate-bundle-size=3',
    '--certificate-request-minimum-backoff-duration=2h',
    '--certificate-request-maximum-backoff-duration=3h',
    '--feature-gates=AllAlpha=true',
  ]);
  it.each([
    ['1.19.4', [36500, 13000, 330000, HOUR, 32n * HOUR, false]],
    ['1.20.0', [1, 2, 3, 2n * HOUR, 32n * HOUR, false]],
    ['1.21.0', [1, 2, 3, 2n * HOUR, 3n * HOUR, true]],
  ] as const)('%s takes those that it knows', (version, expected) => {
    const rules = withFlags(rulesFor(version), flags);
    expect([
      rules.requestPemLimit,
      rules.privateKeyPemLimit,
      rules.certificatePemLimit,
      rules.minimumBackoff,
      rules.maximumBackoff,
      rules.acmeRenewalInfo,
    ]).toEqual(expected);
  });
  it('are the same without flags', () => {
    const rules = rulesFor('1.21.2');
    expect(withFlags(rules, undefined)).toEqual(rules);
    expect(withFlags(rules, controllerFlags([]))).toEqual(rules);
  });
});

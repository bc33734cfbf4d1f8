import { unknownGates } from '../featureGates.ts';
import { hasChange } from '../versions.ts';
import { at, type Change, NOTES, PULL, type Row, type UpgradeFacts } from './row.ts';

/** Flags of the controller that not every release since 1.11 knows, with the first that does. */
const FLAGS: Record<string, string> = {
  'concurrent-workers': '1.12.0',
  'enable-gateway-api': '1.15.0',
  'extra-certificate-annotations': '1.18.0',
  'certificate-request-minimum-backoff-duration': '1.20.0',
  'enable-gateway-api-listenerset': '1.20.0',
  'max-certificate-bundle-size': '1.20.0',
  'max-certificate-chain-length': '1.20.0',
  'max-certificate-size': '1.20.0',
  'max-private-key-size': '1.20.0',
  'acme-http01-solver-extra-labels': '1.21.0',
  'acme-http01-solver-runtime-class-name': '1.21.0',
  'certificate-request-maximum-backoff-duration': '1.21.0',
  'gateway-api-extra-protocols': '1.21.0',
};

const value = ({ helmValues }: UpgradeFacts, path: string): unknown => at(helmValues, ...path.split('.'));
const REMOVED_METRICS_VALUES = [
  'prometheus.servicemonitor.targetPort',
  'prometheus.servicemonitor.path',
  'prometheus.podmonitor.path',
];

/** What concerns the installation: Helm's values, CRDs, flags. The changes are of Helm's values. */
export const CLUSTER_ROWS: Row<UpgradeFacts>[] = [
  {
    code: 'stored-versions',
    level: 'cluster',
    effect: 'upgrade',
    since: ['1.7.0'],
    message:
      'A CRD still has versions in status.storedVersions that its new form no longer has: the API server refuses it.',
    source: 'cert-manager, removing deprecated API resources',
    url: 'https://cert-manager.io/docs/releases/upgrading/remove-deprecated-apis/',
    advice: 'Run cmctl upgrade migrate-api-version before the upgrade.',
    crosses: ({ from, to }) => from.version !== to.version,
    touches: ({ crds }) => crds?.storedVersions.some((version) => version !== 'v1') === true,
  },
  {
    code: 'helm-crds-not-kept',
    level: 'cluster',
    effect: 'cleanup',
    since: ['1.15.0'],
    message:
      'Helm holds the CRDs without helm.sh/resource-policy: keep, as charts before 1.15 install them. A helm uninstall, or an upgrade to a chart whose values no longer install them, deletes the CRDs and with them every Certificate and issuer; with --enable-certificate-owner-ref their Secrets go too.',
    ...PULL(6760),
    advice:
      'Never uninstall on the way. Annotate the CRDs with helm.sh/resource-policy=keep, and set crds.enabled: true and crds.keep: true for charts since 1.15.',
    crosses: ({ from, to }) => from.version !== to.version,
    touches: ({ crds }) => crds?.byHelm === true && !crds.kept,
    changes: (facts, { to }) =>
      facts.helmValues === undefined || !hasChange(to.version, ['1.15.0'])
        ? []
        : (['crds.enabled', 'crds.keep'] as const)
            .filter((path) => value(facts, path) !== true)
            .map((path): Change => ({ path, before: value(facts, path), after: true })),
  },
  {
    code: 'helm-crds-switched-off',
    level: 'cluster',
    effect: 'cleanup',
    since: ['1.15.0'],
    message:
      'Helm holds the CRDs without helm.sh/resource-policy: keep, and the values do not install them: this upgrade deletes the CRDs and with them every Certificate and issuer.',
    ...PULL(6760),
    advice: 'Set crds.enabled: true (installCRDs: true before 1.15).',
    crosses: ({ from, to }) => from.version !== to.version,
    touches: (facts) =>
      facts.crds?.byHelm === true &&
      !facts.crds.kept &&
      facts.helmValues !== undefined &&
      value(facts, 'installCRDs') !== true &&
      value(facts, 'crds.enabled') !== true,
    changes: (facts, { to }) => {
      const path = hasChange(to.version, ['1.15.0']) ? 'crds.enabled' : 'installCRDs';
      return [{ path, before: value(facts, path), after: true }];
    },
  },
  {
    code: 'helm-webhook-feature-gates',
    level: 'cluster',
    effect: 'upgrade',
    since: ['1.13.0'],
    message:
      'Since 1.13 the Helm value featureGates goes to the controller only: the webhook has its own, webhook.featureGates, and refuses fields whose gate is off there.',
    ...PULL(6093),
    advice: 'Set webhook.featureGates to the gates that the webhook needs.',
    touches: (facts) => !isEmpty(value(facts, 'featureGates')) && isEmpty(value(facts, 'webhook.featureGates')),
    changes: (facts) => [
      {
        path: 'webhook.featureGates',
        before: value(facts, 'webhook.featureGates'),
        after: value(facts, 'featureGates'),
      },
    ],
  },
  {
    code: 'helm-values-schema',
    level: 'cluster',
    effect: 'upgrade',
    since: ['1.16.0'],
    message: 'Since 1.16 the Helm chart refuses values that it does not know or that are of a wrong type.',
    ...NOTES('1.16'),
    advice: 'Try your values with helm template and the new chart before the upgrade.',
    touches: ({ helmValues }) => helmValues !== undefined && Object.keys(helmValues).length > 0,
  },
  {
    code: 'helm-metrics-values-removed',
    level: 'cluster',
    effect: 'upgrade',
    since: ['1.21.0'],
    message:
      'The 1.21 chart no longer has prometheus.servicemonitor.targetPort and .path and prometheus.podmonitor.path, and refuses an upgrade with them.',
    ...PULL(8952),
    advice: 'Take them out of the values; the port is now called http-metrics, the path is /metrics.',
    touches: (facts) => REMOVED_METRICS_VALUES.some((path) => value(facts, path) !== undefined),
    changes: (facts) =>
      REMOVED_METRICS_VALUES.filter((path) => value(facts, path) !== undefined).map((path) => ({
        path,
        before: value(facts, path),
        after: undefined,
      })),
  },
  {
    code: 'gateway-api-flag',
    level: 'cluster',
    effect: 'renewal',
    since: ['1.15.0'],
    message:
      'Since 1.15 the Gateway API needs the flag --enable-gateway-api besides its feature gate. Without it Certificates of Gateways are no longer made or updated, and HTTP01 challenges over Gateways fail.',
    source: 'cert-manager upgrade notes 1.14 to 1.15',
    url: 'https://cert-manager.io/docs/releases/upgrading/upgrading-1.14-1.15/',
    advice: 'Start the controller with --enable-gateway-api.',
    touches: ({ flags }) =>
      (flags?.featureGates.ExperimentalGatewayAPISupport ?? flags?.featureGates.AllAlpha) === true &&
      flags?.enableGatewayApi !== true,
  },
  {
    code: 'controller-flag-unknown',
    level: 'cluster',
    effect: 'upgrade',
    since: ['1.12.0', '1.15.0', '1.18.0', '1.20.0', '1.21.0'],
    backwards: true,
    message: 'The controller has a flag that the other release does not know: it does not start.',
    source: 'cert-manager, flags of the controller',
    url: 'https://cert-manager.io/docs/cli/controller/',
    advice: 'Take out the flags that came with later releases.',
    crosses: ({ from, to }) => from.version !== to.version,
    touches: ({ flags }, { to }) =>
      flags?.given.some((name) => FLAGS[name] !== undefined && !hasChange(to.version, [FLAGS[name] as string])) ===
      true,
  },
  {
    code: 'feature-gate-unknown',
    level: 'cluster',
    effect: 'upgrade',
    since: ['1.12.0', '1.13.0', '1.14.0', '1.16.0', '1.18.0', '1.20.0', '1.21.0'],
    backwards: true,
    message: 'The controller has a feature gate set that the other release does not know: it does not start.',
    source: 'cert-manager, feature gates',
    url: 'https://cert-manager.io/docs/installation/configuring-components/#feature-gates',
    advice: 'Take that gate out of --feature-gates.',
    crosses: ({ from, to }) => from.version !== to.version,
    touches: ({ flags }, { to }) => flags !== undefined && unknownGates(to.version, flags).length > 0,
  },
];

function isEmpty(gates: unknown): boolean {
  return (
    gates === undefined || gates === '' || (typeof gates === 'object' && Object.keys(gates as object).length === 0)
  );
}

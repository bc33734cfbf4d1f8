import { flagValue } from '../cluster/controller-deployment.ts';
import { FLAG_DEFAULTS, type ShimFlags } from '../reissue/shim/flags.ts';
import { hasChange } from '../reissue/versions.ts';

/**
 * The shim's settings from the controller's, as `--name=value`, for one release: what turns the Gateway API on differs
 * (cmd/controller/app/options/options.go). Where they are not known, every shim counts as running.
 */
export function shimFlagsOf(flags: readonly string[], known: boolean, version: string): ShimFlags {
  const args = [...flags];
  const given: ShimFlags = {
    defaultIssuerName: flagValue(args, 'default-issuer-name') ?? FLAG_DEFAULTS.defaultIssuerName,
    defaultIssuerKind: flagValue(args, 'default-issuer-kind') ?? FLAG_DEFAULTS.defaultIssuerKind,
    defaultIssuerGroup: flagValue(args, 'default-issuer-group') ?? FLAG_DEFAULTS.defaultIssuerGroup,
    autoCertificateAnnotations:
      listOf(args, 'auto-certificate-annotations') ?? FLAG_DEFAULTS.autoCertificateAnnotations,
    extraCertificateAnnotations: listOf(args, 'extra-certificate-annotations') ?? [],
    gatewayExtraProtocols: listOf(args, 'gateway-api-extra-protocols') ?? [],
    serverSideApply: gate(args, 'ServerSideApply', false),
  };
  if (!known) return given;
  const controllers = listOf(args, 'controllers') ?? ['*'];
  const off = (name: string): boolean => controllers.includes(`-${name}`);
  const all = controllers.includes('*') || controllers.every((name) => name.startsWith('-'));
  const on = (name: string): boolean => isOn(flagValue(args, name));
  // Until 1.14 the feature gate alone turned it on, since 1.15 it is open and the flag does.
  const gatewayApi = hasChange(version, ['1.15.0'])
    ? gate(args, 'ExperimentalGatewayAPISupport', true) && on('enable-gateway-api')
    : gate(args, 'ExperimentalGatewayAPISupport', false);
  const sets = gate(args, 'ListenerSets', false) && gatewayApi && on('enable-gateway-api-listenerset');
  return {
    ...given,
    ingresses: (all || controllers.includes('ingress-shim')) && !off('ingress-shim'),
    gateways: (gatewayApi || controllers.includes('gateway-shim')) && !off('gateway-shim'),
    listenerSets: (sets || controllers.includes('listenerset')) && !off('listenerset'),
  };
}

const isOn = (value: string | undefined): boolean =>
  value !== undefined && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value);

/** A list of pflag: each time it is given adds to it. */
function listOf(args: readonly string[], name: string): string[] | undefined {
  const given = args.filter((arg) => arg.startsWith(`--${name}=`)).map((arg) => arg.slice(name.length + 3));
  if (given.length === 0) return undefined;
  return given.flatMap((text) => (text === '' ? [] : text.split(',')));
}

function gate(args: readonly string[], name: string, otherwise: boolean): boolean {
  const given = (listOf(args, 'feature-gates') ?? []).findLast((one) => one.trim().startsWith(`${name}=`));
  return given === undefined ? otherwise : isOn(given.trim().slice(name.length + 1));
}

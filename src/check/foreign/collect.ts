import { faultProblem } from '../../archive/manifests/fault.ts';
import type { ManifestObject } from '../../archive/manifests/read.ts';
import {
  controllerArguments,
  type DeploymentShape,
  flagValue,
  isController,
  versionOf,
} from '../../cluster/controller-deployment.ts';
import { CERT_MANAGER_GROUP, groupOf } from '../../model/kinds.ts';
import { type Certificate, type Issuer, type KubeObject, objectName, type Secret } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import { wrongCertificate, wrongSecret } from '../../reissue/shape.ts';
import type { Foreign, ForeignOptions, Item } from './foreign.ts';
import { VELERO_GROUP } from './keep.ts';
import { withKnownShape, wrongShape } from './shape.ts';

/** Where kubectl puts an object that names no namespace, unless the context says otherwise. */
const DEFAULT_NAMESPACE = 'default';
/** Where cert-manager runs, and looks for ClusterIssuers' Secrets, unless it was installed in another way. */
const USUAL_NAMESPACE = 'cert-manager';
const CLUSTER_SCOPED: readonly string[] = ['ClusterIssuer', 'Namespace', 'CustomResourceDefinition', 'GatewayClass'];
/** Malformed objects that are named one by one. */
const LISTED = 50;

export interface Collected {
  foreign: Foreign;
  /** `bad-manifest`: objects that are malformed, or stand twice and differ. */
  problems: Problem[];
}

/** Sorts the objects of somebody else's backup, and finds out what they say of the cluster they came from. */
export function collect(
  found: {
    objects: readonly ManifestObject[];
    counts: ReadonlyMap<string, number>;
    isVelero: boolean;
    complete: boolean;
  },
  options: ForeignOptions,
): Collected {
  const sorter = new Sorter();
  const items = found.objects
    .map(({ object, ...place }, position) => ({ ...place, position, object: placed(withKnownShape(object)) }))
    .filter((item) => sorter.hasShape(item));
  for (const item of items) sorter.sort(item);
  const certManager = certManagerOf(items.map((item) => item.object));
  const own = items.some(
    (item) => groupOf(item.object.apiVersion) !== VELERO_GROUP && item.object.kind !== 'Deployment',
  );
  return {
    problems: sorter.problems(),
    foreign: {
      tool: found.isVelero ? 'velero' : own ? 'kubectl' : 'none',
      items,
      certificates: sorter.certificates,
      issuers: sorter.issuers,
      secrets: sorter.secrets,
      counts: found.counts,
      certManager: { version: certManager.version, namespace: certManager.namespace },
      clusterResourceNamespace: resourceNamespace(certManager, options),
      accepted: new Set(options.allowMissing),
      complete: found.complete,
      now: options.now,
      horizonMs: options.horizonMs,
    },
  };
}

function placed(object: KubeObject): KubeObject {
  if (CLUSTER_SCOPED.includes(object.kind) || object.metadata.namespace) return object;
  return { ...object, metadata: { ...object.metadata, namespace: DEFAULT_NAMESPACE } };
}

class Sorter {
  readonly certificates: Item<Certificate>[] = [];
  readonly issuers: Item<Issuer>[] = [];
  readonly secrets = new Map<string, Item<Secret>>();
  readonly #places = new Map<string, Item>();
  readonly #faults: Problem[] = [];

  /** Whether its metadata and spec can be read at all; a fault where not. */
  hasShape(item: Item): boolean {
    const wrong = wrongShape(item.object);
    if (wrong !== undefined) this.#fault(item, wrong, 'Export the object anew.');
    return wrong === undefined;
  }

  sort(item: Item): void {
    const { object } = item;
    const key = `${groupOf(object.apiVersion)}/${objectName(object)}`;
    const before = this.#places.get(key);
    this.#places.set(key, item);
    if (before !== undefined) {
      if (JSON.stringify(before.object) === JSON.stringify(object)) return;
      this.#fault(item, `it stands in ${before.file} line ${before.line} already, and differs`, 'Keep one of the two.');
      return;
    }
    if (object.apiVersion === 'v1' && object.kind === 'Secret') this.#secret(item as Item<Secret>);
    if (object.apiVersion !== `${CERT_MANAGER_GROUP}/v1`) return;
    if (object.kind === 'Certificate') this.#certificate(item as Item<Certificate>);
    if (object.kind === 'Issuer' || object.kind === 'ClusterIssuer') this.#issuer(item as Item<Issuer>);
  }

  problems(): Problem[] {
    const more = this.#faults.length - LISTED;
    if (more <= 0) return this.#faults;
    const { message: _, ...last } = this.#faults[LISTED] as Problem;
    return [...this.#faults.slice(0, LISTED), { ...last, message: `${more} more objects are malformed.` }];
  }

  #secret(item: Item<Secret>): void {
    const wrong = wrongSecret(item.object) ?? notBase64(item.object);
    if (wrong !== undefined) {
      this.#fault(item, wrong.replace(/^Secret: /, ''), 'Export the Secret anew.');
      return;
    }
    this.secrets.set(objectName(item.object), { ...item, object: withData(item.object) });
  }

  #certificate(item: Item<Certificate>): void {
    const wrong = wrongCertificate(item.object);
    if (wrong === undefined) this.certificates.push(item);
    else
      this.#fault(item, wrong, 'Write it as cert-manager.io/v1 wants it; `kubectl explain certificate.spec` says how.');
  }

  #issuer(item: Item<Issuer>): void {
    if (typeof item.object.spec === 'object' && item.object.spec !== null) this.issuers.push(item);
    else this.#fault(item, 'it has no spec', 'Export the issuer anew.');
  }

  #fault({ object, file, line }: Item, what: string, fix: string): void {
    this.#faults.push({ ...faultProblem(file, { line, what, fix }), object: objectName(object) });
  }
}

function notBase64({ data }: Secret): string | undefined {
  const isBase64 = (text: string) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  const bad = Object.values(data ?? {}).some((value) => !isBase64(value.replace(/[\r\n]/g, '')));
  return bad ? 'its data is not base64' : undefined;
}

/** As the API server does it: `stringData` wins over `data`. */
function withData(secret: Secret): Secret {
  const { stringData, ...rest } = secret;
  if (typeof stringData !== 'object' || stringData === null) return secret;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ]);
  return { ...rest, data: { ...secret.data, ...Object.fromEntries(encoded) } };
}

interface CertManager {
  version: string;
  namespace: string;
  clusterResourceNamespace: string;
}

function certManagerOf(objects: readonly KubeObject[]): CertManager {
  const deployment = objects.find((o) => o.kind === 'Deployment' && isController(o as DeploymentShape)) as
    | DeploymentShape
    | undefined;
  if (deployment === undefined) return { version: '', namespace: '', clusterResourceNamespace: '' };
  const args = controllerArguments(deployment);
  return {
    version: versionOf(deployment),
    namespace: deployment.metadata.namespace ?? '',
    clusterResourceNamespace: flagValue(args, 'cluster-resource-namespace') ?? '',
  };
}

function resourceNamespace(certManager: CertManager, options: ForeignOptions): Foreign['clusterResourceNamespace'] {
  const name = options.clusterResourceNamespace || certManager.clusterResourceNamespace;
  if (name !== '') return { name, isAssumed: false };
  return { name: certManager.namespace || USUAL_NAMESPACE, isAssumed: true };
}

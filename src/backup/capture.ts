import pLimit from 'p-limit';
import type { Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import {
  CERTIFICATE,
  CERTIFICATE_REQUEST,
  CLUSTER_ISSUER,
  ISSUER,
  NAMESPACE,
  type ResourceKind,
  SECRET,
} from '../model/kinds.ts';
import type { Certificate, CertificateRequest, Issuer, KubeObject, Secret } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import type { Progress } from '../model/progress.ts';
import type { Right } from '../rights/right.ts';
import { UNREAD_SECRET_TYPES } from './exclusions.ts';
import { isForbidden, Refusals } from './refusals.ts';
import { settle } from './settle.ts';
import { addSecret, type ClusterState, isCanary, keyOf } from './state.ts';

export { UNREAD_SECRET_TYPES } from './exclusions.ts';
export type { ClusterState } from './state.ts';

export interface CaptureOptions {
  /** Namespaces to read; [] for all. */
  namespaces: readonly string[];
  /** Label selector of Certificates. */
  selector?: string;
  /**
   * Secrets are listed; where that is refused, those that Certificates name are read one by one. Where that is refused
   * too: `required`: an error; `if-allowed`: they count as not read. `no`: nothing of Secrets is asked for.
   */
  secrets: 'required' | 'if-allowed' | 'no';
  /** The right to Secrets that a message asks for, where there is none at all; `list` unless told otherwise. */
  secretsVerb?: 'list' | 'get';
  /** For how long, in milliseconds, Certificates that change or issue are read again until they rest; 0: once more. */
  settleMs: number;
  progress: Progress;
  /** For tests. */
  sleep?: (ms: number) => Promise<void>;
}

const SECRET_FIELDS = UNREAD_SECRET_TYPES.map((type) => `type!=${type}`).join(',');

/** Namespaced lists that run at once. */
const PARALLEL_LISTS = 12;

/**
 * Reads a cluster's state so that each Certificate and its Secret and requests belong together: Certificates are listed,
 * then Secrets and requests, then Certificates again. A Certificate whose resourceVersion is the same in both lists and
 * that is not in issuance had no issuance in between, because an issuance writes the Certificate before and after the
 * Secret (trigger_controller.go, issuing_controller.go). All others are read again, one by one, until that holds.
 *
 * @throws CertkeepError `forbidden` that names every missing right at once; `unreachable`, `unauthorized` and so on.
 */
export async function readClusterState(cluster: Cluster, options: CaptureOptions): Promise<ClusterState> {
  const lists = new Lists(cluster, options);
  const selector = options.selector === undefined || options.selector === '' ? {} : { labelSelector: options.selector };
  const [before, issuers, clusterIssuers, namespaces] = await Promise.all([
    lists.list(CERTIFICATE, selector),
    lists.list(ISSUER),
    lists.clusterWide(CLUSTER_ISSUER),
    lists.namespaces(),
  ]);
  const [secrets, requests] = await Promise.all([
    lists.secrets(before as Certificate[]),
    lists.list(CERTIFICATE_REQUEST),
  ]);
  lists.refusals.throwIfAny();
  const after = await lists.list(CERTIFICATE, selector);
  lists.refusals.throwIfAny();
  const state: ClusterState = {
    namespaces: new Map(namespaces.map((namespace) => [namespace.metadata.name, namespace])),
    issuers: [...clusterIssuers, ...issuers].filter(isToStay) as Issuer[],
    certificates: (after as Certificate[]).filter((c) => isToStay(c) && !isCanary(c)),
    requests: requests as CertificateRequest[],
    secrets: new Map(),
    secretsRead: secrets.complete,
    ...(secrets.asked === undefined ? {} : { secretsAsked: secrets.asked }),
    nextPrivateKeySecrets: new Map(),
    unsettled: new Map(),
    resourceVersions: lists.resourceVersions,
  };
  for (const secret of secrets.items as Secret[]) addSecret(state, secret);
  await settle(cluster, state, before as Certificate[], options);
  return state;
}

interface SecretsRead {
  items: KubeObject[];
  complete: boolean;
  asked?: Set<string>;
}

/** Not in the middle of being deleted: a restore must not bring such an object back. */
function isToStay(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp === undefined;
}

/** The lists of one run over its scope: one request over all namespaces, or one a namespace. */
class Lists {
  readonly resourceVersions: Record<string, string> = {};
  readonly refusals: Refusals;
  private readonly limit = pLimit(PARALLEL_LISTS);
  private readonly cluster: Cluster;
  private readonly options: CaptureOptions;

  constructor(cluster: Cluster, options: CaptureOptions) {
    this.cluster = cluster;
    this.options = options;
    this.refusals = new Refusals(cluster);
  }

  /** A kind within the scope. Empty where it was refused: see `refusals`. */
  async list(kind: ResourceKind, filter: { labelSelector?: string } = {}): Promise<KubeObject[]> {
    const { namespaces } = this.options;
    if (namespaces.length === 0) return this.clusterWide(kind, filter);
    const results = await Promise.all(
      namespaces.map((namespace) =>
        this.limit(() =>
          this.refusals.note(
            this.cluster.list(kind, { ...filter, namespace }),
            'list',
            kind,
            namespace,
            filter.labelSelector,
          ),
        ),
      ),
    );
    return results.flatMap((result) => result?.items ?? []);
  }

  async clusterWide(kind: ResourceKind, filter: { labelSelector?: string } = {}): Promise<KubeObject[]> {
    const result = await this.refusals.note(this.cluster.list(kind, filter), 'list', kind, '', filter.labelSelector);
    if (result !== undefined) {
      this.resourceVersions[kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`] = result.resourceVersion;
    }
    return result?.items ?? [];
  }

  /** The Secrets in scope; not complete where they are not to be read, or may not be listed. */
  async secrets(certificates: readonly Certificate[]): Promise<SecretsRead> {
    const { namespaces, secrets } = this.options;
    if (secrets === 'no') return { items: [], complete: false };
    const refused = new Set<string | undefined>();
    const scopes = namespaces.length === 0 ? [undefined] : namespaces;
    const results = await Promise.all(
      scopes.map((namespace) =>
        this.limit(async () => {
          const read = this.cluster.list(SECRET, {
            fieldSelector: SECRET_FIELDS,
            ...(namespace === undefined ? {} : { namespace }),
          });
          try {
            return await read;
          } catch (error) {
            if (isForbidden(error)) {
              refused.add(namespace);
              return undefined;
            }
            throw error instanceof CertkeepError ? error : explainApiError(error, 'list secrets');
          }
        }),
      ),
    );
    if (namespaces.length === 0 && results[0] !== undefined) {
      this.resourceVersions[SECRET.plural] = results[0].resourceVersion;
    }
    const items = results.flatMap((result) => result?.items ?? []);
    if (refused.size === 0) return { items, complete: true };
    const left = certificates.filter((c) => refused.has(undefined) || refused.has(c.metadata.namespace));
    const single = await this.leaves(left);
    return {
      items: [...items, ...single.items],
      complete: false,
      ...(single.asked.size === 0 ? {} : { asked: single.asked }),
    };
  }

  /** The Secrets of these Certificates, one by one; `asked` names those of which it is known whether they exist. */
  private async leaves(certificates: readonly Certificate[]): Promise<{ items: KubeObject[]; asked: Set<string> }> {
    const wanted = new Map(
      certificates.map(({ metadata: { namespace = '' }, spec: { secretName: name } }) => [
        keyOf(namespace, name),
        { namespace, name },
      ]),
    );
    const asked = new Set<string>();
    const refused: Right[] = [];
    let cause: unknown;
    const items = await Promise.all(
      [...wanted].map(([key, { namespace, name }]) =>
        this.limit(async () => {
          try {
            const secret = await this.cluster.get(SECRET, namespace, name);
            asked.add(key);
            return secret;
          } catch (error) {
            if (!isForbidden(error)) throw explainApiError(error, 'read secrets');
            refused.push({ verb: 'get', group: '', resource: SECRET.plural, namespace, name });
            cause = error;
            return undefined;
          }
        }),
      ),
    );
    if (refused.length > 0 && this.options.secrets === 'required') {
      // Where not a single one may be read it is not about single ones.
      const verb = this.options.secretsVerb ?? 'list';
      const scopes = this.options.namespaces.length === 0 ? [''] : this.options.namespaces;
      const whole = scopes.map(
        (namespace): Right => ({ verb, group: '', resource: SECRET.plural, namespace, name: '' }),
      );
      for (const right of asked.size === 0 ? whole : refused) this.refusals.add(right, cause);
    }
    return { items: items.filter((item) => item !== undefined), asked };
  }

  /** The namespaces in scope that exist. */
  async namespaces(): Promise<KubeObject[]> {
    const { namespaces } = this.options;
    if (namespaces.length === 0) return this.clusterWide(NAMESPACE);
    const found = await Promise.all(
      namespaces.map((name) =>
        this.limit(() =>
          this.refusals.note(this.cluster.get(NAMESPACE, undefined, name), 'get', NAMESPACE, '', '', name),
        ),
      ),
    );
    return found.filter((namespace) => namespace !== undefined);
  }
}

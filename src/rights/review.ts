import pLimit from 'p-limit';
import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import type { ResourceKind } from '../model/kinds.ts';
import { CertkeepError } from '../model/problems.ts';
import { rbacFix } from './command.ts';
import type { RightsOptions } from './options.ts';
import { minimal, type Right, rightWords } from './right.ts';
import { rightsFor } from './rights.ts';

const REVIEW: ResourceKind = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
};
const PARALLEL = 16;

/**
 * Asks the API server whether this user has all rights of the run, before anything is read or written, so that one
 * message names all that are missing and nothing stops half-way. Rights that a Role gives in each of `namespaces` are as
 * good as those for the whole cluster, where only these namespaces are dealt with.
 *
 * @param needed which of the rights the run really comes to use.
 * @throws CertkeepError `forbidden`. Where such questions are not allowed, nothing is said: the run will see.
 */
export async function requireRights(
  cluster: Cluster,
  options: RightsOptions,
  namespaces: readonly string[],
  needed: (right: Right) => boolean = () => true,
): Promise<void> {
  const words = await missingRights(
    cluster,
    rightsFor(options).filter((right) => right.optional !== true && needed(right)),
    namespaces,
  );
  if (words.length === 0) return;
  const shown = words.slice(0, SHOWN).join('; ');
  const more = words.length > SHOWN ? `; and ${words.length - SHOWN} more` : '';
  throw new CertkeepError(
    'forbidden',
    `The API server at ${cluster.server} does not give these credentials what ${options.use} needs: ${shown}${more}. Nothing was written.`,
    rbacFix(options),
  );
}

/** Those of the rights that this user surely does not have, in words and sorted; [] where all are there or nobody knows. */
export async function missingRights(
  cluster: Cluster,
  rights: readonly Right[],
  namespaces: readonly string[] = [],
): Promise<string[]> {
  const limit = pLimit(PARALLEL);
  const asked = new Map<string, Promise<Answer>>();
  const ask = (right: Right): Promise<Answer> => {
    const key = JSON.stringify([right.verb, right.group, right.resource, right.namespace, right.name]);
    let answer = asked.get(key);
    if (answer === undefined) {
      answer = limit(() => review(cluster, right));
      asked.set(key, answer);
    }
    return answer;
  };
  const missing = (await Promise.all(rights.map((right) => missingOf(right, namespaces, ask)))).flat();
  return [...new Set(minimal(missing).map(rightWords))].sort();
}

const SHOWN = 20;

/** `unknown` where the question itself is refused, or not understood. */
type Answer = 'yes' | 'no' | 'unknown';

/** The right, or those of its parts, that are missing; [] where it is there or nobody knows. */
async function missingOf(
  right: Right,
  namespaces: readonly string[],
  ask: (right: Right) => Promise<Answer>,
): Promise<Right[]> {
  // One question about the whole cluster, or about all objects, stands for many about parts of it.
  const isPart = right.namespace !== '' && NAMESPACED.test(`${right.resource}.${right.group}`);
  if (isPart && (await has({ ...right, namespace: '', name: '' }, ask))) return [];
  if (right.name !== '' && (await has({ ...right, name: '' }, ask))) return [];
  if (await has(right, ask)) return [];
  const isNamespaced = right.namespace === '' && NAMESPACED.test(`${right.resource}.${right.group}`);
  if (!isNamespaced || namespaces.length === 0) return [right];
  const parts = namespaces.map((namespace) => ({ ...right, namespace }));
  const missing = await Promise.all(parts.map(async (part) => ((await has(part, ask)) ? [] : [part])));
  // Missing everywhere: said once.
  return missing.every((one) => one.length > 0) ? [right] : missing.flat();
}

/** What a Role can give. */
const NAMESPACED =
  /^(secrets\.|ingresses|gateways|listenersets|xlistenersets|(certificates|certificaterequests|issuers)(\/status)?\.cert-manager\.io)/;

async function has(right: Right, ask: (right: Right) => Promise<Answer>): Promise<boolean> {
  if ((await ask(right)) !== 'no') return true;
  // Secrets that may be listed need not be read one by one.
  const lists = right.verb === 'get' && right.group === '' && right.resource === 'secrets';
  return lists && (await ask({ ...right, verb: 'list', name: '' })) !== 'no';
}

async function review(cluster: Cluster, right: Right): Promise<Answer> {
  const { verb, group, namespace, name } = right;
  const [resource = '', subresource] = right.resource.split('/');
  const resourceAttributes = {
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === '' ? {} : { namespace }),
    ...(name === '' ? {} : { name }),
  };
  try {
    const answer = await cluster.create(REVIEW, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: REVIEW.kind,
      metadata: { name: '' },
      spec: { resourceAttributes },
    });
    const allowed = (answer.status as { allowed?: unknown } | undefined)?.allowed;
    return allowed === true ? 'yes' : allowed === false ? 'no' : 'unknown';
  } catch (error) {
    if (error instanceof ApiError && error.status < 500 && error.status !== 401) return 'unknown';
    throw explainApiError(error, 'ask about rights');
  }
}

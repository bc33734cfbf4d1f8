import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import type { ResourceKind } from '../model/kinds.ts';
import { CertkeepError } from '../model/problems.ts';
import { minimal, type Right, rightWords } from '../rights/right.ts';

/** Collects what the API server refused, so that one run names every missing right instead of the first. */
export class Refusals {
  private readonly rules: Right[] = [];
  private readonly cluster: Cluster;
  private cause: unknown;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /**
   * The answer of a read; undefined where it was refused for lack of rights, which `throwIfAny` then tells. `selector` is
   * the one that the user gave, for the message.
   * @throws CertkeepError for every other failure.
   */
  async note<T>(
    read: Promise<T>,
    verb: 'get' | 'list',
    kind: ResourceKind,
    namespace = '',
    selector = '',
    name = '',
  ): Promise<T | undefined> {
    try {
      return await read;
    } catch (error) {
      const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
      if (!isForbidden(error))
        throw explainApiError(error, `${verb} ${resource}${selector === '' ? '' : ` with the selector "${selector}"`}`);
      this.add({ verb, group: kind.group, resource: kind.plural, namespace, name }, error);
      return undefined;
    }
  }

  /** Notes a right that is missing; `cause` is what the API server said. */
  add(right: Right, cause: unknown): void {
    this.rules.push(right);
    this.cause = cause;
  }

  /** @throws CertkeepError `forbidden` with every rule that was missing. */
  throwIfAny(): void {
    if (this.rules.length === 0) return;
    const words = [...new Set(minimal(this.rules).map(rightWords))].sort();
    const more = words.length > SHOWN ? `; and ${words.length - SHOWN} more` : '';
    throw new CertkeepError(
      'forbidden',
      `The API server at ${this.cluster.server} refused what a complete backup needs: ${words.slice(0, SHOWN).join('; ')}${more}. ` +
        `The user of context ${quoted(this.cluster.context)} lacks these rights.`,
      'Grant them with a ClusterRole (or, for single namespaces, a Role) and its binding, or use credentials that have them. ' +
        'With --namespace only the rights in those namespaces are needed.',
      { cause: this.cause },
    );
  }
}

/** A user without any rights on many Secrets need not read all their names. */
const SHOWN = 20;

export function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403;
}

function quoted(context: string): string {
  return context === '' ? 'in use' : `"${context}"`;
}

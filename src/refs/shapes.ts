import { isRecord } from './walk.ts';

/** Something in free-form JSON that looks like the name of a Secret. */
export interface GuessedReference {
  path: string;
  name: string;
  namespace?: string;
  key?: string;
}

/** `apiKeySecretRef`, `secretKeyRef`, `tokenRef`, `secretName`, `credentialsSecret` …: the names that solvers in use choose. */
const REFERENCE_FIELD = /(ref|selector|secret)$/i;
/** Fields that end like a reference to a Secret and name something else. */
const OTHER_REFERENCE =
  /(issuer|service_?account|config_?map|role|namespace|service|gateway|policy|class)(_?ref|selector)?$/i;
const NAME_FIELD = /(secret|secretref)_?name$/i;

/**
 * Searches free-form configuration (an ACME webhook solver's, another group's issuer's) for the shapes in which
 * people write references to Secrets:
 * - a string under a name like `secretName`, or under `secretRef` and the like;
 * - an object with `name` under a name that ends in `Ref`, `Selector` or `Secret`;
 * - an object that has exactly the fields of a Secret key selector, `name` and `key` (and perhaps `namespace`), wherever it stands.
 *
 * A guess by nature: what it finds may not be a reference, and what a solver names otherwise is not found.
 */
export function guessReferences(value: unknown, path: string): GuessedReference[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => guessReferences(item, `${path}[${i}]`));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([field, child]) => guessField(field, child, `${path}.${field}`));
}

function guessField(field: string, child: unknown, path: string): GuessedReference[] {
  if (typeof child === 'string') {
    const named = NAME_FIELD.test(field) || /secretref$/i.test(field);
    return named && isObjectName(child) ? [{ path, name: child }] : [];
  }
  if (isRecord(child) && typeof child.name === 'string' && isObjectName(child.name)) {
    const ofOtherGroup = typeof child.group === 'string' && child.group !== '';
    const namesSecret = (child.kind === undefined || child.kind === 'Secret') && !ofOtherGroup;
    if (namesSecret && !OTHER_REFERENCE.test(field) && (REFERENCE_FIELD.test(field) || isKeySelector(child))) {
      return [
        {
          path,
          name: child.name,
          ...(typeof child.namespace === 'string' && child.namespace !== '' ? { namespace: child.namespace } : {}),
          ...(typeof child.key === 'string' && child.key !== '' ? { key: child.key } : {}),
        },
      ];
    }
  }
  return guessReferences(child, path);
}

function isKeySelector(value: Record<string, unknown>): boolean {
  return (
    typeof value.key === 'string' &&
    Object.keys(value).every((f) => ['name', 'key', 'namespace', 'optional'].includes(f))
  );
}

/** A DNS subdomain name (RFC 1123), as every Secret has one: keeps passwords and URLs from being taken for names. */
function isObjectName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text);
}

import type { ResourceKind } from '../model/kinds.ts';

/** Where an object, or a collection of them, is in the API server's URL space. */
export interface Target {
  namespace?: string | undefined;
  name?: string;
  subresource?: string;
}

/**
 * `/apis/cert-manager.io/v1/namespaces/app/certificates/web`. Throws a TypeError for a name that cannot be a path
 * segment (Kubernetes refuses `.`, `..`, `/` and `%` too: apimachinery, IsValidPathSegmentName).
 */
export function resourcePath(kind: ResourceKind, target: Target = {}): string {
  const parts = [kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`];
  if (kind.namespaced && target.namespace !== undefined && target.namespace !== '') {
    parts.push('namespaces', segment(target.namespace));
  } else if (kind.namespaced && target.name !== undefined) {
    throw new TypeError(`${kind.kind} ${target.name}: a namespace is needed`);
  }
  parts.push(kind.plural);
  if (target.name !== undefined) parts.push(segment(target.name));
  if (target.subresource !== undefined) parts.push(segment(target.subresource));
  return parts.join('/');
}

/** `?a=b&c=d`, without the parameters that are undefined; '' when none is left. */
export function query(parameters: Record<string, string | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(name, value);
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function segment(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/%]/.test(name)) {
    throw new TypeError(`${JSON.stringify(name)} cannot be the name of an object`);
  }
  return encodeURIComponent(name);
}

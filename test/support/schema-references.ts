/** Which fields of a CRD's schema look like references to other objects: to hold the table of paths against. */

export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** As much of a CustomResourceDefinition as is read here. */
export interface CrdSpec {
  versions: { schema: { openAPIV3Schema: Schema } }[];
}

/**
 * Paths of the fields below `spec` that look like references, in the notation of src/refs/paths.ts, sorted; of all
 * versions of the CRD. A field with free-form content counts, since anything may stand in it.
 */
export function referenceFields(spec: CrdSpec): string[] {
  const found = spec.versions.flatMap((v) => below(v.schema.openAPIV3Schema.properties?.spec, 'spec'));
  return [...new Set(found)].sort();
}

function below(schema: Schema | undefined, path: string): string[] {
  return Object.entries(schema?.properties ?? {}).flatMap(([field, child]) => {
    const here = `${path}.${field}${child.type === 'array' ? '[]' : ''}`;
    if (looksLikeReference(field, child)) return [here];
    return child.type === 'array' ? below(child.items, here) : below(child, here);
  });
}

function looksLikeReference(field: string, schema: Schema): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  if (schema.type === 'string') return /(secret|serviceaccount|configmap)(name)?$/i.test(field);
  if (schema.type === 'array') return /(refs|secrets)$/i.test(field);
  // A selector: a name, with nothing but what tells which kind, key or audience is meant.
  const fields = Object.keys(schema.properties ?? {});
  const others = fields.filter((f) => !['name', 'namespace', 'key', 'kind', 'group', 'audiences'].includes(f));
  return /ref$/i.test(field) || (fields.includes('name') && others.length === 0 && field !== 'metadata');
}

import { z } from 'zod';

/**
 * The shapes of manifest.json and of the lines that are no Kubernetes objects. schema/*.schema.json is generated from
 * these. Objects are open: a later minor version may add fields, and readers leave alone what they do not know.
 */

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const rfc3339 = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/);
const count = z.int().min(0);
const name = z.string().min(1).max(253);
const text = z.string();

export const ROLES = [
  'namespace',
  'crd',
  'issuer-secret',
  'account-key',
  'ca-secret',
  'keystore-password',
  'leaf-secret',
  'other-secret',
  'issuer',
  'included',
  'certificate',
  'derived-certificate',
] as const;

export const manifestSchema = z.looseObject({
  format: z.literal('certkeep-backup'),
  formatVersion: z
    .string()
    .regex(/^\d{1,4}\.\d{1,4}$/)
    .describe('MAJOR.MINOR; readers refuse another MAJOR'),
  howTo: text.optional().describe('How to open what is sealed, in one sentence'),
  tool: z.looseObject({ name: z.literal('certkeep'), version: text }),
  createdAt: rfc3339.describe('When the capture began, UTC'),
  cluster: z.looseObject({
    uid: text.describe('uid of the namespace kube-system'),
    server: text,
    context: text,
    kubernetes: text,
  }),
  certManager: z.looseObject({
    version: text.describe("'v1.21.2', or empty where it was not known"),
    namespace: text,
    clusterResourceNamespace: text,
    clusterResourceNamespaceSource: text.describe('flag, controller-arguments, controller-config, default or unknown'),
    flags: z.array(text).describe('Arguments of the controller that bear on issuance'),
    crds: z.record(text, z.array(text)).describe('Name of the CRD → versions'),
  }),
  scope: z.looseObject({ namespaces: z.array(text), selector: text, include: z.array(text) }),
  secrets: z.enum(['all', 'issuer', 'none']).describe('Which Secrets were captured'),
  baseline: z
    .enum(['secrets', 'requests'])
    .optional()
    .describe('Where leaves come from: Secrets (also where it is absent), or the current CertificateRequests'),
  encryption: z.enum(['none', 'secrets', 'all']),
  recipients: z.array(text).describe('The age recipients (public keys) that sealed files are encrypted to'),
  restorable: z.boolean(),
  counts: z.record(text, count).describe('Lines of each file'),
  leftOut: z
    .looseObject({
      certificateRequests: count,
      temporaryKeys: count,
      webhookCas: count,
      unreferencedSecrets: count,
    })
    .optional()
    .describe('What was read and does not belong in a backup'),
  resourceVersions: z.record(text, text).describe('plural.group → resourceVersion of the list that was read'),
  files: z
    .record(text, z.looseObject({ sha256: hex64, bytes: count }))
    .describe('Every other file, by its name on disk, as it stands on disk'),
  root: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .describe('SHA-256 of this file without this field'),
});

const ownerReference = z.looseObject({ apiVersion: text, kind: text, name: text, uid: text });

const condition = z.looseObject({
  type: text,
  status: text,
  reason: text.optional(),
  message: text.optional(),
  lastTransitionTime: text.optional(),
  observedGeneration: z.number().optional(),
});

const leaf = z.looseObject({
  sha256: hex64.describe('of the DER'),
  serial: z.string().regex(/^-?[0-9A-F]+$/),
  notBefore: rfc3339,
  notAfter: rfc3339,
  publicKeySha256: hex64.describe('of the SubjectPublicKeyInfo'),
});

const baseline = z.looseObject({
  uid: text,
  secretName: text,
  issuerRef: z.looseObject({ name: text, kind: text.optional(), group: text.optional() }),
  leaf: leaf.nullable(),
  leafAbsent: z.enum(['not-read', 'missing', 'unreadable']).optional(),
  leafFrom: z.literal('request').optional().describe('The leaf is that of the current CertificateRequest'),
  keySha256: hex64.nullable().describe('SHA-256 of the public key that belongs to tls.key'),
  revision: z.number().nullable(),
  renewalTime: text.nullable(),
  conditions: z.array(condition),
  lastFailureTime: text.nullable(),
  failedIssuanceAttempts: z.number().nullable(),
  requests: z.array(z.looseObject({ name: text, uid: text, creationTimestamp: text, revision: text })),
  nextPrivateKeySecrets: z.array(text),
  specSha256: hex64,
});

export const indexEntrySchema = z.looseObject({
  apiVersion: text,
  kind: text,
  namespace: text.optional(),
  name,
  uid: text,
  role: z.enum(ROLES),
  file: text.describe('File that holds the object, without .age; empty where the object itself is not in the backup'),
  digest: z.string().regex(/^(?:|(?:hmac-)?sha256:[0-9a-f]{64})$/),
  ownerReferences: z.array(ownerReference),
  referencedFrom: z.array(text).describe('Kind/namespace/name:field.path'),
  managers: z.array(z.looseObject({ manager: text, operation: text })),
  maker: z
    .looseObject({ kind: text, name: text, apiVersion: text, uid: text, annotations: z.record(text, text) })
    .optional(),
  baseline: baseline.optional(),
  issuer: z
    .looseObject({
      ready: z.boolean().nullable(),
      acmeAccountUri: text.nullable(),
      accountKeySha256: hex64.nullable(),
      caSha256: hex64.nullable(),
    })
    .optional(),
});

const identified = { apiVersion: text, kind: text, namespace: text.optional(), name };

export const statusRecordSchema = z.strictObject({ ...identified, status: z.record(text, z.unknown()) });

export const managedFieldsRecordSchema = z.strictObject({
  ...identified,
  managedFields: z.array(z.looseObject({ manager: text.optional(), operation: text.optional() })),
});

export const requestSchema = z.looseObject({
  apiVersion: z.literal('cert-manager.io/v1'),
  kind: z.literal('CertificateRequest'),
  metadata: z.looseObject({ name, namespace: name }),
  spec: z.record(text, z.unknown()),
});

/** Where a value differs from its shape, in one sentence that quotes no value; undefined where it fits. */
export function misfit(schema: z.ZodType, value: unknown): string | undefined {
  const result = schema.safeParse(value);
  if (result.success) return undefined;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).map(String).join('.');
  return `${path === '' ? 'the whole' : path} is not as the format says (${issue?.code ?? 'invalid'})`;
}

import { z } from 'zod';
import { PROBLEM_CODES, type ProblemCode } from '../model/problems.ts';

/** The shape of the report that `--json` prints (src/model/report.ts); schema/report.schema.json is generated from it. */
const text = z.string();
const scalar = z.union([z.string(), z.number(), z.boolean()]).nullable();
const codes = Object.keys(PROBLEM_CODES) as [ProblemCode, ...ProblemCode[]];

const prediction = z.enum(['keep', 'reissue', 'undecidable']);

const certificate = z.strictObject({
  namespace: text,
  name: text,
  prediction: prediction.optional(),
  reason: text.describe("cert-manager's own word, empty for keep").optional(),
  message: text.optional(),
  at: text.nullable().describe('When it next renews on its own, RFC 3339').optional(),
  verdict: z
    .enum(['unchanged', 'renewed', 'reissued', 'issuing', 'failed', 'missing', 'awaiting-maker', 'unproven'])
    .optional(),
  evidence: z.record(text, z.strictObject({ before: scalar, after: scalar })).optional(),
  maker: z
    .strictObject({
      object: text.describe('Kind/namespace/name'),
      action: z.enum(['create', 'update', 'recreate', 'undecidable']),
      changes: z.array(text).describe('Fields that it changes, such as spec.dnsNames'),
    })
    .describe('predict: the Ingress, Gateway or ListenerSet whose doing the prediction is')
    .optional(),
  upgrade: z
    .strictObject({
      before: prediction,
      after: prediction,
      reissued: z.boolean().describe('By the upgrade, in whatever order it is done'),
      reissuedIfCrdsFirst: z.boolean().describe('Only where the CRDs are changed while the old controller still runs'),
      hazards: z.array(text).describe('Codes of forecast.upgrade.hazards'),
    })
    .describe('predict --cert-manager-version')
    .optional(),
});

const object = z.strictObject({
  kind: text,
  namespace: text.optional(),
  name: text,
  action: z.enum(['create', 'replace', 'unchanged', 'keep', 'skip', 'conflict']),
  why: text,
  stage: z.int(),
  writtenAt: text.describe('RFC 3339; empty where nothing was written').optional(),
  resourceVersion: text.optional(),
});

const problem = z.strictObject({
  severity: z.enum(['error', 'warning', 'note']),
  code: z.enum(codes),
  message: z.string().min(1),
  fix: text,
  object: text.describe('Kind/namespace/name').optional(),
});

const backup = z.strictObject({
  path: text,
  root: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  createdAt: text,
  certManager: text,
  cluster: text,
  encryption: z.enum(['none', 'secrets', 'all']),
  restorable: z.boolean(),
  counts: z.record(text, z.int()),
  leftOut: z.record(text, z.int()).optional().describe('What was read and does not belong in a backup'),
});

const limitUse = z.strictObject({
  per: z.enum(['registered-domain', 'exact-names', 'account']),
  of: text.describe('The registered domain, the names, the issuer'),
  limit: z.int(),
  window: text.describe('Such as 7d'),
  orders: z.int().describe('The most that fall into one window'),
  exceeded: z.boolean(),
});

const cost = z.strictObject({
  server: text.describe('URL of the ACME directory'),
  ca: text.describe('Empty where its limits are not known'),
  ordersNow: z.int(),
  renewals: z.int().describe('Before the end of the horizon'),
  limits: z.array(limitUse),
});

const hazard = z.strictObject({
  code: text,
  level: z.enum(['certificate', 'issuer', 'maker', 'cluster']),
  effect: z.enum(['reissue', 'next-issuance', 'renewal', 'cleanup', 'upgrade']),
  message: text,
  source: text,
  url: text,
  advice: text,
  certificates: z.int().describe('Touched, or of a touched issuer; 0 for the installation'),
  examples: z.array(text).describe('namespace/name of the first of them; issuers with their kind before'),
  diff: text.describe('The smallest change of the first one that avoids it; empty where there is none'),
});

const forecast = z.strictObject({
  now: text.describe('RFC 3339'),
  until: text.describe('RFC 3339: the end of the horizon'),
  rules: z.strictObject({ version: text, known: z.boolean(), assumed: z.boolean() }),
  weeks: z.array(z.strictObject({ from: text, renewals: z.int() })),
  cost: z.array(cost),
  upgrade: z
    .strictObject({
      from: text,
      to: text,
      reissued: z.array(text).describe('namespace/name'),
      reissuedIfCrdsFirst: z.array(text),
      hazards: z.array(hazard),
    })
    .optional(),
});

export const reportSchema = z.strictObject({
  command: z.enum(['backup', 'check', 'predict', 'plan', 'restore', 'verify', 'resume', 'rbac']),
  certkeep: text.describe('Version of certkeep'),
  exitCode: z.int().min(0).max(9),
  cluster: text.describe('uid of the namespace kube-system; empty where no cluster was asked'),
  certManager: text,
  verdict: z.enum([
    'complete',
    'incomplete',
    'sound',
    'unsound',
    'keep',
    'reissue',
    'undecidable',
    'unchanged',
    'reissued',
    'unproven',
    '',
  ]),
  barrier: z.enum(['passed', 'waived', 'failed']).optional(),
  certificates: z.array(certificate),
  objects: z.array(object).optional(),
  problems: z.array(problem),
  backup: backup.optional(),
  forecast: forecast.describe('predict').optional(),
});

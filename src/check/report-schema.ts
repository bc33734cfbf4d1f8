import { z } from 'zod';
import { PROBLEM_CODES, type ProblemCode } from '../model/problems.ts';

/** The shape of the report that `--json` prints (src/model/report.ts); schema/report.schema.json is generated from it. */
const text = z.string();
const scalar = z.union([z.string(), z.number(), z.boolean()]).nullable();
const codes = Object.keys(PROBLEM_CODES) as [ProblemCode, ...ProblemCode[]];

const certificate = z.strictObject({
  namespace: text,
  name: text,
  prediction: z.enum(['keep', 'reissue', 'undecidable']).optional(),
  reason: text.describe("cert-manager's own word, empty for keep").optional(),
  message: text.optional(),
  at: text.nullable().describe('When it next renews on its own, RFC 3339').optional(),
  verdict: z
    .enum(['unchanged', 'renewed', 'reissued', 'issuing', 'failed', 'missing', 'awaiting-maker', 'unproven'])
    .optional(),
  evidence: z.record(text, z.strictObject({ before: scalar, after: scalar })).optional(),
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
});

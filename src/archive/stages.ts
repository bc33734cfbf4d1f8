import type { BackupContents, Role } from '../model/backup.ts';

/** What this program writes. Readers take every minor version of the same major one. */
export const FORMAT = 'certkeep-backup';
export const FORMAT_VERSION = '1.0';

/** The files of a backup, without the `.age` that a sealed one ends in. */
export const FILE = {
  manifest: 'manifest.json',
  restoreMd: 'RESTORE.md',
  index: 'index.ndjson',
  namespaces: 'objects/10-namespaces.ndjson',
  crds: 'objects/20-crds.ndjson',
  secrets: 'objects/30-secrets.ndjson',
  issuers: 'objects/40-issuers.ndjson',
  certificates: 'objects/50-certificates.ndjson',
  derived: 'derived/certificates.ndjson',
  status: 'state/status.ndjson',
  requests: 'state/requests.ndjson',
  managedFields: 'state/managed-fields.ndjson',
  digestKey: 'state/digest-key',
} as const;

/** A backup has fewer than 20 files; a listing that grows beyond this is not read to its end. */
export const MAX_FILES = 100;

/** The only directories that a backup has. */
export const DIRECTORIES: readonly string[] = ['objects', 'derived', 'state'];

/** The largest file that is read: 1 GiB. Secrets, requests and index of 50,000 Certificates stay below half of it. */
export const MAX_FILE_BYTES = 1024 ** 3;

/** The ending of a file that is encrypted with age. */
export const SEALED = '.age';

/** Where one kind of object lives, and when it is restored. */
export interface RolePlace {
  file: string;
  /** Number of the restore stage; 0 for what is recorded only. */
  stage: 0 | 10 | 20 | 30 | 40 | 50;
}

const place = (file: string, stage: RolePlace['stage']): RolePlace => ({ file, stage });

/** Which role goes to which file, and in which stage it is restored. */
export const ROLE_FILES: Readonly<Record<Role, RolePlace>> = {
  namespace: place(FILE.namespaces, 10),
  crd: place(FILE.crds, 20),
  'issuer-secret': place(FILE.secrets, 30),
  'account-key': place(FILE.secrets, 30),
  'ca-secret': place(FILE.secrets, 30),
  'keystore-password': place(FILE.secrets, 30),
  'other-secret': place(FILE.secrets, 30),
  'leaf-secret': place(FILE.secrets, 30),
  issuer: place(FILE.issuers, 40),
  included: place(FILE.issuers, 40),
  certificate: place(FILE.certificates, 50),
  'derived-certificate': place(FILE.derived, 0),
};

/** Order of Secrets inside their file: what an issuer needs first, leaves last. */
export const SECRET_ROLE_ORDER: readonly Role[] = [
  'issuer-secret',
  'account-key',
  'ca-secret',
  'keystore-password',
  'other-secret',
  'leaf-secret',
];

/** Parts of the contents that hold Kubernetes objects with one line each in the index, in the order of the index. */
export const OBJECT_SECTIONS = ['namespaces', 'crds', 'secrets', 'issuers', 'certificates', 'derived'] as const;
export type ObjectSection = (typeof OBJECT_SECTIONS)[number];

/** Every part of the contents that is a file of lines. */
export const SECTIONS = [...OBJECT_SECTIONS, 'status', 'managedFields', 'requests', 'index'] as const;
export type Section = (typeof SECTIONS)[number];

/** The file of a part of the contents. */
export function fileOf(section: Section): string {
  return FILE[section];
}

/** Contents with nothing in them. */
export function emptyContents(): BackupContents {
  return {
    namespaces: [],
    crds: [],
    secrets: [],
    issuers: [],
    certificates: [],
    derived: [],
    status: [],
    managedFields: [],
    requests: [],
    index: [],
  };
}

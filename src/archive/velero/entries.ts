/** One file of a Velero backup, packed or unpacked. */
export interface VeleroEntry {
  path: string;
  bytes: number;
  /** Its contents, which can be had once; not asked for means passed over. */
  read(): AsyncIterable<Uint8Array>;
}

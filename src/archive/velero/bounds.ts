/** What a Velero backup may be at most: several times that of 50,000 Certificates with Secrets and requests. */
export const MAX_ENTRIES = 2_000_000;
export const MAX_INFLATED_BYTES = 8 * 1024 ** 3;
/** JSON packs to a tenth or so; a bomb of zeros to a thousandth. Looked at once there is enough to tell. */
export const MAX_RATIO = 200;
export const RATIO_FROM_BYTES = 64 * 1024 ** 2;
/** The longest path that is looked at. */
export const MAX_PATH = 4096;

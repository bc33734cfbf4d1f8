/**
 * The three results of reading what cert-manager reads with Go's parsers. `invalid` is said only where every Go version
 * refuses the input for certain, and carries cert-manager's own error text; whatever is not plain standard is `unclear`.
 */
export type Read<T> =
  | { kind: 'read'; value: T }
  | { kind: 'invalid'; error: string }
  | { kind: 'unclear'; why: string };

/** Thrown by the strict readers at anything that is not plain and standard. */
export class Unclear extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'Unclear';
  }
}

export const invalid = (error: string): { kind: 'invalid'; error: string } => ({ kind: 'invalid', error });

/** Runs a strict reader: its value, or `unclear`. Errors of Node's crypto count as unclear too; their text is dropped. */
export function strictly<T>(what: string, read: () => T): Read<T> {
  try {
    return { kind: 'read', value: read() };
  } catch (error) {
    return {
      kind: 'unclear',
      why: error instanceof Unclear ? `${what}: ${error.message}` : `${what} is not plain standard`,
    };
  }
}

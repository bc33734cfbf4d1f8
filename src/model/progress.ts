/** Where the core says what it is doing. It never prints; the command line or the Action decides what is shown. */
export interface Progress {
  /** One finished sentence for a person. */
  info(message: string): void;
  /** Something that the user should know but that does not stop the work. */
  warn(message: string): void;
  /** Detail for --verbose only. */
  debug(message: string): void;
  /** How far a long piece of work is. `total` 0: not known. */
  step(what: string, done: number, total: number): void;
}

/** Says nothing: for tests and for work inside other work. */
export const silent: Progress = { info() {}, warn() {}, debug() {}, step() {} };

/** The time, as a thing that tests can set. */
export interface Clock {
  now(): Date;
}
export const systemClock: Clock = { now: () => new Date() };

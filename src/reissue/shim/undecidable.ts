/** What the shim would do cannot be told from what certkeep was given; the message says why. */
export class Undecidable extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'Undecidable';
  }
}

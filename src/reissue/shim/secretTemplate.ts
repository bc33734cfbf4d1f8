export interface SecretTemplate {
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

/**
 * The annotation secret-template as Go's json.Decoder reads it into a CertificateSecretTemplate without unknown fields:
 * the first value only, whatever follows it; names in any case; a name that comes twice adds to what was there; null
 * empties. undefined where Go refuses it.
 */
export function parseSecretTemplate(text: string): SecretTemplate | undefined {
  try {
    return new Reader(text).template();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type StringMap = Map<string, string>;

/** Reads the two levels of objects that a template may have; throws SyntaxError for everything else. */
class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  template(): SecretTemplate {
    const found: { annotations?: StringMap; labels?: StringMap } = {};
    if (!this.isNull()) {
      this.object((name) => {
        // The u flag folds case as Go does.
        const field = /^annotations$/iu.test(name) ? 'annotations' : /^labels$/iu.test(name) ? 'labels' : undefined;
        if (field === undefined) throw new SyntaxError('unknown field');
        const map = this.isNull() ? undefined : this.strings(found[field] ?? new Map());
        if (map === undefined) delete found[field];
        else found[field] = map;
      });
    }
    const { annotations, labels } = found;
    return {
      ...(annotations === undefined ? {} : { annotations: Object.fromEntries(annotations) }),
      ...(labels === undefined ? {} : { labels: Object.fromEntries(labels) }),
    };
  }

  private strings(into: StringMap): StringMap {
    this.object((name) => {
      into.set(name, this.isNull() ? '' : this.string());
    });
    return into;
  }

  private object(member: (name: string) => void): void {
    this.expect('{');
    if (this.skip('}')) return;
    do {
      const name = this.string();
      this.expect(':');
      member(name);
    } while (this.skip(','));
    this.expect('}');
  }

  private string(): string {
    this.expect('"');
    const start = this.at - 1;
    while (this.at < this.text.length && this.text[this.at] !== '"') this.at += this.text[this.at] === '\\' ? 2 : 1;
    this.at++;
    // Halves of surrogate pairs become U+FFFD in Go.
    return (JSON.parse(this.text.slice(start, this.at)) as string).toWellFormed();
  }

  private isNull(): boolean {
    this.skipSpace();
    if (!this.text.startsWith('null', this.at)) return false;
    this.at += 4;
    return true;
  }

  private expect(character: string): void {
    if (!this.skip(character)) throw new SyntaxError(`no ${character}`);
  }

  private skip(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at++;
  }
}

/** What the command line prints, and where: results on stdout, words about the work on stderr. */

/**
 * Control characters, bidirectional overrides and line breaks in names and messages from a cluster are shown as
 * `\u{…}`, so that an object cannot move the cursor, recolour or reorder what a person reads.
 */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (c) => {
    return `\\u{${c.charCodeAt(0).toString(16)}}`;
  });
}

export interface Style {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

const wrap = (on: boolean, code: number) => (text: string) => (on ? `\u001b[${code}m${text}\u001b[0m` : text);

/** Colours, or none: for pipes, NO_COLOR and --no-color. */
export function style(colour: boolean): Style {
  return {
    red: wrap(colour, 31),
    green: wrap(colour, 32),
    yellow: wrap(colour, 33),
    bold: wrap(colour, 1),
    dim: wrap(colour, 2),
  };
}

/** Breaks a text into lines of at most `width` characters, at spaces where there are any. */
export function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    while (word.length > width) {
      if (line !== '') lines.push(line);
      line = '';
      lines.push(word.slice(0, width));
      word = word.slice(width);
    }
    if (line === '') line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

const cut = (text: string, width: number) =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/**
 * A table of plain text within `width` columns. Columns are as wide as they need; where that is too wide, the widest
 * column gives way, and what is cut ends in an ellipsis.
 */
export function table(head: string[], rows: string[][], width = 80): string[] {
  const cells = [head, ...rows].map((row) => row.map(plain));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const gaps = 2 * (head.length - 1);
  while (widths.reduce((a, b) => a + b, gaps) > width) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= 8) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return cells.map((row) =>
    row
      .map((text, i) => cut(text, widths[i] ?? 0).padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

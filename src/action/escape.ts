/**
 * Text from a cluster is a stranger's text: an Issuer's status message or an annotation may hold anything. These two
 * functions make it harmless in the two places where it is shown.
 */

/** Control characters (C0, DEL, C1), line separators, and marks that turn the reading direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** One line without control characters, at most `limit` characters long. */
function oneLine(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ').replace(UNPRINTABLE, '').trim();
  return line.length <= limit ? line : `${[...line.slice(0, limit - 1)].join('')}…`;
}

/**
 * A line for the log that the runner cannot take for a workflow command. The runner reads `::command` at the start of a
 * line, white space skipped, and the older `##[command]` anywhere in it (actions/runner, ActionCommand.cs).
 */
export function logLine(text: string, limit = 4000): string {
  return oneLine(text, limit).replaceAll('##[', '## [').replace(/^::/, ': :');
}

/**
 * Text for a table cell or a paragraph of GitHub Markdown: every character that Markdown or HTML could read as markup
 * becomes a numeric character reference, which is never markup. `www.` would become a link by itself, so it is broken; a
 * colon is harmless only before a space.
 */
export function markdown(text: string, limit = 300): string {
  return oneLine(text, limit)
    .replace(/:(?! )|[^A-Za-z0-9 ,./()':\u00a0-\u{10ffff}-]/gu, (c) => `&#${c.codePointAt(0)};`)
    .replace(/www\./gi, (m) => `${m.slice(0, 3)}&#46;`);
}

/** The same in a code style, where no emoji, mention or issue number is replaced. */
export function markdownCode(text: string, limit = 300): string {
  return text === '' ? '' : `<code>${markdown(text, limit)}</code>`;
}

/** The same for sentences, where backticks set off what is to be typed. */
export function markdownProse(text: string, limit = 500): string {
  return markdown(text, limit).replace(/&#96;(.+?)&#96;/g, '<code>$1</code>');
}

/** One argument for a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

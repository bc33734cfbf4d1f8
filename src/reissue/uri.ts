import { Unclear } from './read.ts';

const HIERARCHICAL =
  /^[a-z][a-z0-9+.-]*:\/\/(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?)(?::[0-9]{1,5})?(?:\/(?:[A-Za-z0-9\-._~$&+,/:;=@]|%[0-9A-Fa-f]{2})*)?(?:\?(?:[A-Za-z0-9\-._~$&+,/:;=@?!]|%[0-9A-Fa-f]{2})+)?$/;
const OPAQUE = /^[a-z][a-z0-9+.-]*:[A-Za-z0-9](?:[A-Za-z0-9\-._~+,:;=@]*)$/;

/**
 * A URI of a subject alternative name, which cert-manager compares as Go's net/url prints it after parsing. Only URIs
 * that Go prints as they were written are clear.
 */
export function readUri(text: string): string {
  const host = HIERARCHICAL.test(text) ? /^[^:]*:\/\/([^/?:]*)/.exec(text)?.[1] : undefined;
  if (host !== undefined ? host.split('.').every((label) => label !== '' && label.length <= 63) : OPAQUE.test(text)) {
    return text;
  }
  throw new Unclear('an unusual URI');
}

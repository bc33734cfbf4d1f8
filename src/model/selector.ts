import { CertkeepError } from './problems.ts';

/** Whether the labels of an object match a selector. */
export type LabelMatch = (labels: Readonly<Record<string, string>> | undefined) => boolean;

type Requirement = (value: string | undefined) => boolean;

const KEY = '[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?';
const EQUALITY = new RegExp(`^(${KEY})\\s*(=|==|!=)\\s*([-A-Za-z0-9_.]*)$`);
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);

/**
 * A label selector as kubectl takes it (apimachinery pkg/labels/selector.go): `a=b`, `a==b`, `a!=b`, `a in (b,c)`,
 * `a notin (b,c)`, `a`, `!a`, joined by commas. '' matches everything. Throws CertkeepError wrong-usage.
 */
export function labelSelector(selector: string): LabelMatch {
  const requirements = split(selector).map((text): [string, Requirement] => {
    const equality = EQUALITY.exec(text);
    if (equality !== null) {
      const [, key = '', , operator, wanted = ''] = equality;
      return [key, operator === '!=' ? (value) => value !== wanted : (value) => value === wanted];
    }
    const set = SET.exec(text);
    if (set !== null) {
      const [, key = '', , operator, list = ''] = set;
      const wanted = list.split(',').map((one) => one.trim());
      const isIn: Requirement = (value) => value !== undefined && wanted.includes(value);
      return [key, operator === 'in' ? isIn : (value) => !isIn(value)];
    }
    const exists = EXISTS.exec(text);
    if (exists !== null) {
      const [, not, key = ''] = exists;
      return [key, not === '!' ? (value) => value === undefined : (value) => value !== undefined];
    }
    throw new CertkeepError(
      'wrong-usage',
      `"${selector.slice(0, 100)}" is no label selector.`,
      'Write it as for kubectl: app=web, "tier in (a,b)", !old; several joined by commas.',
    );
  });
  return (labels) => requirements.every(([key, meets]) => meets(own(labels, key)));
}

function own(labels: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return labels !== undefined && labels !== null && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** At commas outside of parentheses. */
function split(selector: string): string[] {
  if (selector.trim() === '') return [];
  return selector.split(/,(?![^(]*\))/).map((part) => part.trim());
}

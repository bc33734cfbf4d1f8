import { type Policy, REASON } from './policy.ts';

/** The Secret must hold a private key and a certificate, neither of them empty. */
export const secretIsMissingData: Policy = (input) => {
  const what = !input.hasData
    ? 'any data'
    : !input.data('tls.key')?.length
      ? 'a private key'
      : !input.data('tls.crt')?.length
        ? 'a certificate'
        : undefined;
  return what === undefined
    ? undefined
    : { reason: REASON.MissingData, message: `Issuing certificate as Secret does not contain ${what}` };
};

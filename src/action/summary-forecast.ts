import type { CaLimitUse, ForecastReport, HazardReport, Report } from '../model/report.ts';
import { markdown, markdownCode } from './escape.ts';

const MOST = 50;

/** What `predict` says beyond the fate of each Certificate: renewals by week, cost at the CA, and the upgrade. */
export function forecastSection({ forecast }: Report, names: boolean): string {
  if (forecast === undefined) return '';
  return [upgrade(forecast), weeks(forecast), cost(forecast, names)].filter((text) => text !== '').join('\n\n');
}

function upgrade({ upgrade: found }: ForecastReport): string {
  if (found === undefined) return '';
  const { from, to, reissued, reissuedIfCrdsFirst, hazards } = found;
  const lead =
    `From cert-manager ${markdownCode(from)} to ${markdownCode(to)}: ${reissued.length} reissued in any order; ` +
    `${reissuedIfCrdsFirst.length} more only if the CRDs are changed while the old controller runs.`;
  const rows = hazards.map(hazardRow);
  const table =
    rows.length === 0
      ? ''
      : ['', '', '| Change | Certificates | What to do | Source |', '| --- | --- | --- | --- |', ...rows].join('\n');
  return `### The upgrade\n\n${lead}${table}`;
}

function hazardRow({ code, message, certificates, advice, source, effect }: HazardReport): string {
  const when = {
    reissue: 'can reissue',
    renewal: 'stops or moves renewals',
    cleanup: 'cleans up',
    'next-issuance': 'at the next issuance',
    upgrade: 'stops the upgrade',
  }[effect];
  return `| ${markdownCode(code)} (${when})<br>${markdown(message)} | ${certificates} | ${markdown(advice)} | ${markdown(source)} |`;
}

function weeks({ weeks: all }: ForecastReport): string {
  const busy = all.filter(({ renewals }) => renewals > 0);
  if (busy.length === 0) return '';
  const rows = busy.slice(0, MOST).map(({ from, renewals }) => `| ${from.slice(0, 10)} | ${renewals} |`);
  return ['### Renewals by week', '', '| From | Renewals |', '| --- | --- |', ...rows].join('\n');
}

function cost({ cost: all }: ForecastReport, names: boolean): string {
  if (all.length === 0) return '';
  const lines = all.map(({ server, ca, ordersNow, renewals, limits }) => {
    const over = limits.filter(({ exceeded }) => exceeded);
    const words = over.length === 0 ? '' : `; **${over.length} ${over.length === 1 ? 'limit' : 'limits'} exceeded**`;
    const who = names ? `${markdownCode(server, 300)}${ca === '' ? '' : ` (${markdown(ca)})`}` : 'An ACME server';
    const detail = names ? over.slice(0, MOST).map(useLine).join('') : '';
    return `- ${who}: ${ordersNow} orders now, ${renewals} renewals ahead${words}${detail}`;
  });
  return ['### Cost at the CA', '', ...lines].join('\n');
}

function useLine({ per, of, limit, window, orders }: CaLimitUse): string {
  return `\n  - ${orders} of ${limit} in ${markdown(window)}, ${per}: ${markdownCode(of, 300)}`;
}

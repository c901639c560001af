// What the address asks to see, read and applied as the daemon does it (filter.go).

import { gravity, labelWords, scrutiny } from './row.js';

export const names = ['q', 'port', 'transport', 'process', 'protocol', 'label', 'severity', 'scope', 'host', 'sort'];

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const first = (...orders) => orders.find((n) => n !== 0) ?? 0;

const byPort = (a, b) => first(a.port - b.port, compare(a.transport, b.transport), compare(a.host, b.host), compare(a.topic, b.topic));
const concern = (row) => (scrutiny(row) ? gravity(row.severity) : 0);

export const byScrutiny = (a, b) => first(concern(b) - concern(a), byPort(a, b));

export const columns = {
  port: byPort,
  host: (a, b) => compare(a.host, b.host),
  on: (a, b) => compare(a.on, b.on),
  speaks: (a, b) => first(compare(a.protocol, b.protocol), compare(a.spoken, b.spoken)),
  who: (a, b) => first(compare(a.name, b.name), compare(a.held, b.held)),
  claimed: (a, b) => compare(a.claimed, b.claimed),
  verdict: (a, b) => compare(a.label, b.label),
  last: (a, b) => b.seq - a.seq,
};

// parsePorts reads "22, 8000-9000, 53/udp"; an item that is no port stands in bad.
export function parsePorts(text) {
  const ports = [];
  for (const item of text.split(/[ ,]+/).filter(Boolean)) {
    const found = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(.*))?$/.exec(item);
    const low = Number(found?.[1]);
    const high = Number(found?.[2] ?? found?.[1]);
    if (!found || high > 65535 || low > high) return { ports: [], bad: item };
    ports.push({ low, high, transport: (found[3] ?? '').toLowerCase() });
  }
  return { ports, bad: '' };
}

export function readFilter(query) {
  const f = Object.fromEntries(names.map((n) => [n, query.get(n) ?? '']));
  if (!columns[f.sort.replace(/^-/, '')]) f.sort = '';
  Object.assign(f, parsePorts(f.port));
  f.words = f.q.toLowerCase().split(/\s+/).filter(Boolean);
  return f;
}

// writeFilter is the filter as an address has it.
export function writeFilter(f) {
  const query = new URLSearchParams();
  for (const n of [...names].sort()) if (f[n]) query.set(n, f[n]);
  return query.toString();
}

export const narrow = (f) => names.some((n) => n !== 'sort' && f[n]);

const text = (r) => r.text ??= [`${r.port}/${r.transport}`, r.host, r.on, r.protocol, r.spoken, r.name, r.held, r.claimed, labelWords(r.label), r.summary, r.called]
  .join('\n').toLowerCase();

const holds = (r, process) => /^\d+$/.test(process) ? r.pids.includes(Number(process)) : r.called.includes(process.toLowerCase());

export function takes(f, r) {
  return (!f.transport || f.transport === r.transport) && (!f.protocol || f.protocol === r.protocol) && (!f.label || f.label === r.label) &&
    (!f.scope || f.scope === r.scope) && (!f.host || f.host === r.host) && gravity(r.severity) >= gravity(f.severity) && (!f.process || holds(r, f.process)) &&
    (f.ports.length === 0 || f.ports.some((p) => p.low <= r.port && r.port <= p.high && (!p.transport || p.transport === r.transport))) &&
    f.words.every((w) => text(r).includes(w));
}

// order is how the filter wants rows sorted.
export function order(f) {
  const column = columns[f.sort.replace(/^-/, '')];
  if (!column) return byScrutiny;
  return f.sort.startsWith('-') ? (a, b) => first(column(b, a), byScrutiny(a, b)) : (a, b) => first(column(a, b), byScrutiny(a, b));
}

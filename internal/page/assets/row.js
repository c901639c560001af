// A row from an event of a listener: the same words as the daemon's own table (row.go and the package words), so that a
// change is on the screen without asking anybody.

const behaviours = {
  'answers': 'answers, unknown', 'silent': 'accepts, is silent', 'closes': 'closes at once', 'closes-on-data': 'closes on data',
  'streams': 'streams without end', 'answers-everything': 'answers everything alike', 'refuses': 'accepts nobody', '': 'cut short',
};

const labels = {
  'as-registered': 'as registered', 'as-practised': 'as practised', 'mislabelled': 'mislabelled', 'unregistered': 'unregistered',
  'unidentified': 'unidentified', 'not-asked': 'not asked',
};

export const labelWords = (label) => labels[label] ?? '';

const severities = ['', 'info', 'low', 'medium', 'high'];

export const gravity = (severity) => Math.max(severities.indexOf(severity), 0);

export const scrutiny = (row) => gravity(row.severity) >= 3;

// printable writes what could hide or move text (controls, what has no width, what changes direction) as escapes.
export function printable(text) {
  return String(text ?? '').replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\uFFFD/gu, (c) => {
    const code = c.codePointAt(0);
    return code < 0x80 ? '\\x' + code.toString(16).padStart(2, '0') : '\\u' + code.toString(16).padStart(4, '0');
  });
}

const phrases = (...parts) => parts.map(printable).filter(Boolean).join(', ');

const base = (path) => {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed ? trimmed.slice(trimmed.lastIndexOf('/') + 1) : path ? '/' : '';
};

const fit = (text, width) => {
  const runes = [...text];
  return runes.length <= width ? text : runes.slice(0, width - 1).join('') + '…';
};

const join = (...parts) => parts.filter(Boolean).join(' ').trim();

function speaks(transport, f) {
  if (!f || f.not_asked) return ['?', 'not asked'];
  if (!f.protocol) {
    return ['-', transport === 'udp' && f.behaviour === 'silent' ? 'does not answer' : behaviours[f.behaviour ?? ''] ?? ''];
  }
  if (f.protocol === 'tls') return ['tls', 'unknown inside: ' + (behaviours[f.behaviour ?? ''] ?? '')];
  return [f.protocol, join(f.product, f.version), f.tls ? 'TLS ' + f.tls.version : '', f.confidence === 'weak' ? 'weak' : ''];
}

// mainHolder is the holder to name first: one that was seen and does not merely hold the socket for another.
function mainHolder(holders) {
  let best = {};
  (holders ?? []).forEach((o, i) => {
    const seen = !o.unseen && !o.activates;
    if (i === 0 || (seen && (best.unseen || best.activates))) best = o;
  });
  return best;
}

function ownerName(o) {
  const exe = o.invoked || o.exe;
  return exe ? base(exe) : o.name || `pid ${o.pid ?? 0}`;
}

function alias(o) {
  return !o.name || ownerName(o).startsWith(o.name) || o.program ? '' : 'as ' + o.name;
}

const userOf = (o) => o.user || (o.uid === undefined ? '' : `uid ${o.uid}`);

function programWords(o) {
  const p = o.program;
  if (!p || (p.kind === 'go' && o.package)) return '';
  return join(p.kind !== 'go' && p.path ? p.path : p.name, p.version);
}

const hosts = (o) => o.program && o.program.kind !== 'go' && (o.program.path || o.program.name);

function packageWords(o) {
  const p = hosts(o) ? o.program.package : o.package;
  if (!p) return '';
  return p.intact === undefined ? 'package ' + p.name : p.intact ? 'package intact' : 'package altered';
}

function containerWords(o) {
  const c = o.container;
  return !c ? '' : c.name ? c.runtime + ' ' + c.name : c.runtime + ' ' + fit(c.id, 13);
}

function forwards(o) {
  return o.activates ? 'starts ' + o.activates : o.forwards_to ? 'forwards to ' + o.forwards_to : '';
}

function who(l) {
  const o = mainHolder(l.holders);
  const rest = l.likely_client ? ['likely a client'] : [];
  if (o.unseen) return ['unseen', ...rest, o.unit, userOf(o), o.unseen];
  rest.push(alias(o), forwards(o), programWords(o), o.unit, containerWords(o), l.namespace, userOf(o), packageWords(o));
  if (l.holders?.length > 1) rest.push(`${l.holders.length} processes`);
  return [ownerName(o), ...rest];
}

function where(l) {
  let at = l.address;
  if (l.dual_stack && (at === '::' || at === '0.0.0.0')) at = '*';
  else if (at === '::') at = '[::]';
  return l.device ? at + '%' + printable(l.device) : at;
}

const claimed = (c) => !c?.name ? '-' : c.level === 'ghost' ? c.name + '*' : c.name;

// called lists the names that the holders go by.
function called(holders) {
  const names = new Set();
  for (const o of holders ?? []) {
    const p = o.program ?? {};
    for (const n of [o.name, base(o.exe ?? ''), o.unit, o.user, o.package?.name, p.name, base(p.path ?? ''), base(p.project ?? '')]) {
      if (n) names.add(printable(n).toLowerCase());
    }
  }
  return [...names].join('\n');
}

// closes tells whether an event ends its listener; concerns, whether it says anything of what listens.
export const closes = (event) => ['rtevent.listener.closed', 'rtevent.listener.short-lived'].includes(event.type);
export const concerns = (event) => closes(event) ||
  (['rtevent.listener.opened', 'rtevent.listener.identified', 'rtevent.listener.changed'].includes(event.type) && event.data?.listener);

export function rowOf(event) {
  const l = event.data.listener;
  const [protocol, ...spoken] = l.verdict ? speaks(l.transport, l.finding) : ['…', 'being asked'];
  const [name, ...held] = who(l);
  const gravest = l.verdict?.signals?.[0];
  return {
    topic: printable(event.topic), seq: Number(event.cursor.split('.')[1]), what: event.type.replace('rtevent.listener.', ''), at: event.time ?? '',
    fresh: event.data.existing ? '' : event.type === 'rtevent.listener.changed' ? 'changed' : 'new',
    host: printable(l.host), transport: printable(l.transport), port: l.port, on: printable(where(l)), scope: printable(l.scope),
    protocol: printable(protocol), spoken: phrases(...spoken), name: printable(name), held: phrases(...held), called: called(l.holders),
    pids: (l.holders ?? []).map((o) => o.pid).filter(Boolean), claimed: printable(claimed(l.claim)), level: printable(l.claim?.level),
    label: printable(l.verdict?.label), severity: printable(gravest?.severity), summary: printable(l.verdict?.summary), why: printable(gravest?.why),
  };
}

// clock is a time as a person would tell it: the hour of today, else the date too.
export function clock(text, now = new Date()) {
  const t = new Date(text);
  const two = (n) => String(n).padStart(2, '0');
  if (Number.isNaN(t.getTime())) return '';
  const hour = `${two(t.getHours())}:${two(t.getMinutes())}`;
  return t.toDateString() === now.toDateString() ? `${hour}:${two(t.getSeconds())}` : `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${hour}`;
}

const freshFor = 10 * 60 * 1000;

export const badge = (row, now = Date.now()) => now - Date.parse(row.at) < freshFor ? row.fresh : '';

const element = (name, className, ...children) => {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children);
  return e;
};

// draw makes the row of the table, node for node as the template does.
export function draw(row) {
  const tr = document.createElement('tr');
  tr.setAttribute('role', 'row');
  tr.dataset.topic = row.topic;
  if (scrutiny(row)) tr.className = row.severity;
  const cell = (name, ...children) => {
    const td = document.createElement('td');
    td.setAttribute('role', 'cell');
    td.className = name;
    td.append(...children);
    tr.append(td);
    return td;
  };
  const link = element('a', '', String(row.port), element('span', '', '/' + row.transport));
  link.setAttribute('href', '/ports/' + row.port);
  cell('port', link);
  cell('host', row.host);
  cell('on', row.on);
  cell('speaks', element('b', '', row.protocol), ' ' + row.spoken);
  cell('who', element('b', '', row.name), ' ' + row.held);
  cell('claimed', row.claimed);
  const words = row.label ? labelWords(row.label) : '…';
  const verdict = cell('verdict', scrutiny(row) ? words + ' ' : words);
  if (scrutiny(row)) {
    const mark = element('b', 'mark', row.severity === 'high' ? '!!' : '!', element('span', 'vh', ' deserves scrutiny'));
    mark.setAttribute('title', row.why);
    verdict.append(mark);
  }
  const time = element('time', '', clock(row.at));
  time.setAttribute('datetime', row.at);
  const last = cell('last', time);
  const word = badge(row);
  if (word) last.append(' ', element('b', 'mark ' + word, word));
  return tr;
}

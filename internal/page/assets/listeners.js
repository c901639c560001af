// The table of listeners, live: it takes the rows that came with the page, follows the events from there on, and filters and
// sorts without asking the daemon.

import { narrow, order, readFilter, takes, writeFilter } from './filter.js';
import { Live, show } from './live.js';
import { closes, concerns, labelWords, printable, rowOf, scrutiny } from './row.js';
import { Table } from './table.js';

const state = document.getElementById('table-state');
const past = state.dataset.past === 'yes';
const form = document.getElementById('filters');
const table = new Table(document.getElementById('rows'));
const rows = new Map(); // by topic
const settling = 15000; // ms in which a daemon that starts with the page tells what was there already
const leaving = 4000; // ms that a closed row stays, struck out
let filter = readFilter(new URLSearchParams(location.search));
let drawing = false;

async function load() {
  const answer = await fetch('/listeners/rows' + (past ? '?at=' + encodeURIComponent(state.dataset.at) : ''));
  if (!answer.ok) throw new Error(answer.statusText);
  const { at, rows: all } = await answer.json();
  rows.clear();
  for (const r of all) rows.set(r.topic, r);
  refresh();
  return at;
}

// refresh draws with the next frame what changed since the last one. Where drawing takes long, for there is much, most of the
// time is left to the reader.
function refresh() {
  if (drawing) return;
  drawing = true;
  const go = () => {
    if (!drawing) return;
    drawing = false;
    const begun = performance.now();
    redraw();
    took = performance.now() - begun;
    ended = performance.now();
  };
  const wait = took < 10 ? 0 : ended + 3 * took - performance.now();
  if (wait <= 0) requestAnimationFrame(go);
  setTimeout(go, Math.max(50, wait)); // a page in the background has no frames
}
let took = 0, ended = 0; // of the last drawing, in ms

function redraw() {
  const all = [...rows.values()];
  const shown = all.filter((r) => takes(filter, r)).sort(order(filter));
  table.set(shown);
  document.getElementById('empty').hidden = shown.length > 0;
  document.getElementById('empty').textContent = all.length
    ? `None of the ${all.length} listeners passes the filter.` : 'Nothing listens here, as far as can be seen.';
  document.getElementById('clear').hidden = !narrow(filter);
  document.getElementById('pages')?.remove();
  facets(all);
  choices(all);
}

function facets(all) {
  const rest = { ...filter, label: '', severity: '' };
  const counts = { all: 0, scrutiny: 0 };
  for (const r of all) {
    if (r.closing || !takes(rest, r)) continue;
    counts.all++;
    if (scrutiny(r)) counts.scrutiny++;
    counts[r.label] = (counts[r.label] ?? 0) + 1;
  }
  for (const a of document.querySelectorAll('[data-facet]')) {
    const name = a.dataset.facet;
    const n = counts[name] ?? 0;
    const text = String(n).replace(/\B(?=(\d{3})+$)/g, '\u2009');
    if (a.firstChild.textContent !== text) a.firstChild.textContent = text;
    a.classList.toggle('none', n === 0);
    const chosen = name === 'all' ? !filter.label && !filter.severity : name === 'scrutiny' ? filter.severity === 'medium' && !filter.label : filter.label === name;
    if (chosen) a.setAttribute('aria-current', 'true');
    else a.removeAttribute('aria-current');
    a.href = address({ ...rest, ...facet(name) });
  }
}

const facet = (name) => name === 'all' ? {} : name === 'scrutiny' ? { severity: 'medium' } : { label: name };

function address(f) {
  const query = new URLSearchParams(writeFilter(f));
  if (past) query.set('at', state.dataset.at);
  return location.pathname + (query.size ? '?' + query : '');
}

// choices offers the values that rows have now.
function choices(all) {
  for (const [name, value] of [['protocol', (r) => r.protocol], ['host', (r) => r.host]]) {
    const select = form.elements[name];
    const values = [...new Set([...all.map(value), filter[name]].filter(Boolean))].sort();
    if (values.join('\n') === [...select.options].slice(1).map((o) => o.value).join('\n')) continue;
    select.replaceChildren(select.options[0], ...values.map((v) => new Option(v, v, false, v === filter[name])));
  }
  const several = new Set(all.map((r) => r.host)).size > 1;
  document.getElementById('listeners').classList.toggle('hosts', several);
  document.getElementById('f-host-box').hidden = !several;
}

// change takes a filter, shows it and keeps it in the address.
function change(next, where = 'replaceState') {
  filter = readFilter(new URLSearchParams(writeFilter(next)));
  history[where](null, '', address(filter));
  settle();
  scrollTo({ top: Math.min(scrollY, document.getElementById('sheet').offsetTop) });
  redraw();
  const n = document.getElementById('listeners').getAttribute('aria-rowcount') - 1;
  say(n === 1 ? '1 listener' : `${n} listeners`);
}

// settle makes the form and the heads of the columns say what the filter is.
function settle() {
  for (const field of form.elements) {
    if (field.name && field.name !== 'at' && field !== document.activeElement) field.value = filter[field.name] ?? '';
  }
  for (const a of document.querySelectorAll('[data-sort]')) {
    const name = a.dataset.sort;
    a.parentElement.setAttribute('aria-sort', filter.sort === name ? 'ascending' : filter.sort === '-' + name ? 'descending' : 'none');
  }
  const bad = document.getElementById('bad');
  bad.hidden = !filter.bad;
  bad.textContent = filter.bad ? `“${printable(filter.bad).slice(0, 40)}” is no port: write 22, 8000-9000 or 53/udp` : '';
  form.elements.port.toggleAttribute('aria-invalid', Boolean(filter.bad));
}

function read() {
  const data = new FormData(form);
  return { ...filter, ...Object.fromEntries([...data].filter(([name]) => name !== 'at').map(([n, v]) => [n, String(v)])) };
}

form.addEventListener('input', () => change(read()));
form.addEventListener('submit', (e) => { e.preventDefault(); change(read(), 'pushState'); });
document.getElementById('clear').addEventListener('click', (e) => { e.preventDefault(); change({ sort: filter.sort }, 'pushState'); form.elements.q.focus(); });
document.getElementById('facets').addEventListener('click', (e) => {
  const a = e.target.closest('[data-facet]');
  if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  change({ ...filter, label: '', severity: '', ...facet(a.dataset.facet) }, 'pushState');
});
document.querySelector('#listeners thead').addEventListener('click', (e) => {
  const a = e.target.closest('[data-sort]');
  if (!a || e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  const name = a.dataset.sort;
  change({ ...filter, sort: filter.sort === name ? '-' + name : filter.sort === '-' + name ? '' : name }, 'pushState');
});
addEventListener('popstate', () => { filter = readFilter(new URLSearchParams(location.search)); settle(); redraw(); });

// take puts one event into the table.
function take(event) {
  if (event.type === 'rtevent.listener.gap') { seen(); return; }
  if (!concerns(event)) return;
  const topic = printable(event.topic);
  if (closes(event)) {
    const row = rows.get(topic);
    if (!row) return;
    const closing = { ...row, closing: true };
    rows.set(topic, closing);
    setTimeout(() => { if (rows.get(topic) === closing) { rows.delete(topic); refresh(); } }, leaving);
    tell(`${row.port} over ${row.transport} closed`);
  } else {
    const row = rowOf(event);
    // Where the host is only looked at from time to time, all is found by looking: new is what whoever looks on had not seen.
    if (performance.now() > settling) row.fresh ||= row.what === 'changed' ? 'changed' : 'new';
    row.flash = Boolean(row.fresh);
    if (row.what !== 'identified' || scrutiny(row)) tell(`${row.port} over ${row.transport} ${row.what === 'identified' ? labelWords(row.label) + ', deserves scrutiny' : row.what + ' by ' + row.name}`);
    rows.set(topic, row);
  }
  refresh();
}

// tell gathers what happened and says it in one sentence, seldom enough to be listened to.
const news = [];
let telling;
function tell(sentence) {
  news.push(sentence);
  telling ??= setTimeout(() => {
    telling = undefined;
    say(news.length > 3 ? `${news.length} changes, the last: ${news.at(-1)}` : news.join('; '));
    news.length = 0;
  }, 3000);
}

const voice = document.createElement('p');
voice.className = 'vh';
voice.setAttribute('role', 'status');
document.getElementById('sheet').after(voice);
function say(text) { voice.textContent = text; }

// seen tells again how the host is seen.
async function seen() {
  try {
    const { tier, gaps } = await (await fetch('/coverage')).json();
    if (!tier) return;
    const place = document.getElementById('seen');
    const by = document.createElement('b');
    by.textContent = tier;
    place.classList.toggle('partial', gaps.length > 0);
    place.replaceChildren('Seen by ', by, gaps.length ? ', with gaps:' : ': every namespace, every owner.');
    for (const gap of gaps) {
      const span = document.createElement('span');
      span.className = 'gap';
      span.textContent = gap;
      place.append(' ', span);
    }
  } catch { /* the connection says that it is lost */ }
}

function follow(at) {
  const live = new Live(['listener.>', 'rtevent.>'], at, {
    event: (e) => { take(e); show('live', `live, at event ${e.cursor}`); },
    mark: (cursor) => { show('live', `live, at event ${cursor}`); refresh(); },
    gap: (g) => tell(`events are missing: ${g.reason}`),
    state: (name, words) => { show(name, words === 'live' ? `live, at event ${live.at}` : words); if (name === 'live') seen(); },
    reset: async (reason) => {
      const words = { epoch: 'the journal began anew', trimmed: 'what was missed is no longer kept', future: 'the journal was set back' }[reason] ?? reason;
      const from = await load();
      tell(`${words}: shown afresh`);
      return from;
    },
  });
  live.start();
}

async function start() {
  for (let wait = 200; ; wait = Math.min(2 * wait, 5000)) {
    try {
      const at = await load();
      if (!past) follow(at);
      return;
    } catch {
      show('lost', 'the daemon does not answer; trying again');
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

document.querySelector('#travel')?.addEventListener('change', (e) => { location.search = writeFilter(filter) + '&at=' + e.target.value; });
start();

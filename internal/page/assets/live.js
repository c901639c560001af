// The connection to the daemon: events from an exact place on, and after every loss from the last one that was seen, so that
// none is missed and none comes twice. A page that nobody looks at lets go of its connection and takes it up again there.

const slowest = 5000; // ms between two tries
const quiet = 40000; // ms without a sign of life, of which there is one every mark seconds
const mark = 15;
const patience = 20000; // ms that a hidden page stays connected

export class Live {
  #source;
  #topics;
  #at;
  #handlers;
  #tries = 0;
  #since = 0; // events since the connection was lost
  #lost = false;
  #retry;
  #watch;
  #hide;

  // handlers: event(object), state(name, words), reset(reason) which resolves to the cursor to go on from.
  constructor(topics, at, handlers) {
    this.#topics = topics;
    this.#at = at;
    this.#handlers = handlers;
  }

  get at() { return this.#at; }

  start() {
    document.addEventListener('visibilitychange', () => this.#visible());
    addEventListener('pagehide', () => this.#close());
    addEventListener('pageshow', (e) => { if (e.persisted) this.#open(); });
    this.#open();
  }

  #visible() {
    clearTimeout(this.#hide);
    if (document.hidden) {
      this.#hide = setTimeout(() => {
        this.#close();
        this.#handlers.state('paused', `paused at event ${this.#at} while nobody looks`);
      }, patience);
    } else if (!this.#source) {
      this.#open();
    }
  }

  #close() {
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    this.#source?.close();
    this.#source = undefined;
  }

  #open() {
    this.#close();
    const query = new URLSearchParams({ from: this.#at, mark });
    for (const t of this.#topics) query.append('topic', t);
    const source = this.#source = new EventSource('/events?' + query);
    let heard = Date.now();
    const seen = (e) => {
      heard = Date.now();
      if (e.lastEventId) this.#at = e.lastEventId;
    };
    source.onmessage = (e) => {
      seen(e);
      if (this.#lost) this.#since++;
      this.#handlers.event(JSON.parse(e.data));
    };
    source.addEventListener('ok', seen);
    source.addEventListener('mark', (e) => { seen(e); this.#handlers.mark?.(this.#at); });
    source.addEventListener('gap', (e) => { seen(e); this.#handlers.gap?.(JSON.parse(e.data)); });
    source.addEventListener('live', (e) => { seen(e); this.#caughtUp(); });
    source.addEventListener('bye', (e) => { seen(e); this.#again(); });
    source.addEventListener('reset', (e) => this.#reset(JSON.parse(e.data).reason));
    source.onerror = () => { if (this.#source === source) this.#again(); };
    this.#watch = setInterval(() => { if (Date.now() - heard > quiet) this.#again(); }, 5000);
  }

  #caughtUp() {
    if (this.#lost) {
      const n = this.#since;
      this.#handlers.state('live', `connected again; ${n === 0 ? 'nothing happened' : n === 1 ? '1 event' : n + ' events'} meanwhile, nothing missed`);
    } else {
      this.#handlers.state('live', 'live');
    }
    this.#tries = this.#since = 0;
    this.#lost = false;
  }

  // again takes the connection up where it ended, soon and then less often.
  #again() {
    this.#close();
    if (!this.#lost) {
      this.#lost = true;
      this.#since = 0;
      this.#handlers.state('lost', `connection lost at event ${this.#at}; trying again`);
    }
    const wait = Math.min(200 * 2 ** this.#tries++, slowest) * (0.75 + Math.random() / 2);
    this.#retry = setTimeout(() => this.#open(), wait);
  }

  // reset begins anew where the daemon cannot go on from: its history is another, or what comes next is no longer kept.
  async #reset(reason) {
    this.#close();
    try {
      this.#at = await this.#handlers.reset(reason);
      this.#lost = false;
      this.#open();
    } catch {
      this.#again();
    }
  }
}

// show puts the state of the connection where the page has a place for it.
export function show(state, words) {
  const link = document.getElementById('link');
  if (!link || (link.dataset.state === state && link.querySelector('.words').textContent === words)) return;
  link.dataset.state = state;
  link.querySelector('.words').textContent = words;
}

// refresher fetches this page again and puts in what changed of its parts: soon after it is called, but where much happens
// only so often that the daemon has four fifths of its time for others.
export function refresher() {
  let asked = false, running = false, next = 0;
  const refresh = async () => {
    asked = false;
    running = true;
    const begun = performance.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
      if (answer.ok) replaceParts(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch { /* the connection is lost: the page says so, and events bring it up to date when it is back */ }
    running = false;
    next = performance.now() + Math.max(100, 4 * (performance.now() - begun));
    if (asked) later();
  };
  const later = () => setTimeout(refresh, Math.max(20, next - performance.now()));
  return () => {
    if (asked) return;
    asked = true;
    if (!running) later();
  };
}

function replaceParts(fresh) {
  for (const part of document.querySelectorAll('[data-live]')) {
    const now = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!now || now.isEqualNode(part)) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    part.replaceChildren(...[...now.childNodes].map((n) => document.importNode(n, true)));
    if (focused) [...part.querySelectorAll('a')].find((a) => a.getAttribute('href') === focused)?.focus({ preventScroll: true });
  }
}

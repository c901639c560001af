// A table of which only what is seen is drawn. All rows are equally high; two empty ones stand for those above and below.

import { draw } from './row.js';

const few = 300; // so many are all drawn, which lets the browser search in them
const around = 12; // rows beyond the screen

export class Table {
  #body;
  #rows = [];
  #drawn = new Map(); // by topic: the row and its element
  #above = pad();
  #below = pad();
  #height = 0;
  #asked = false;

  constructor(body) {
    this.#body = body;
    for (const tr of body.rows) this.#drawn.set(tr.dataset.topic, { tr });
    addEventListener('scroll', () => this.#soon(), { passive: true });
    addEventListener('resize', () => { this.#height = 0; this.#soon(); });
    body.addEventListener('keydown', (e) => this.#key(e));
    body.addEventListener('focusin', (e) => this.#mark(e.target.closest('tr')));
  }

  // set shows rows, each an object that is never changed.
  set(rows) {
    this.#rows = rows;
    this.#body.parentElement.setAttribute('aria-rowcount', rows.length + 1);
    this.render();
  }

  #soon() {
    if (this.#asked || this.#rows.length <= few) return;
    this.#asked = true;
    requestAnimationFrame(() => { this.#asked = false; this.render(); });
  }

  #rowHeight() {
    const one = [...this.#body.rows].find((tr) => !tr.classList.contains('pad'));
    if (one) this.#height ||= one.getBoundingClientRect().height;
    return this.#height || 34;
  }

  #window() {
    if (this.#rows.length <= few) return [0, this.#rows.length];
    const height = this.#rowHeight();
    const top = -this.#body.getBoundingClientRect().top;
    const first = Math.min(Math.max(Math.floor(top / height) - around, 0), Math.max(this.#rows.length - 1, 0));
    return [first, Math.min(this.#rows.length, first + Math.ceil(innerHeight / height) + 2 * around)];
  }

  render() {
    const [first, last] = this.#window();
    const height = this.#rowHeight();
    const focused = document.activeElement?.closest?.('tr')?.dataset.topic;
    const next = new Map();
    const wanted = [];
    for (let i = first; i < last; i++) {
      const row = this.#rows[i];
      const tr = this.#element(row);
      tr.setAttribute('aria-rowindex', i + 2);
      next.set(row.topic, { row, tr });
      wanted.push(tr);
    }
    this.#drawn = next;
    this.#arrange(wanted, first * height, (this.#rows.length - last) * height);
    if (focused && document.activeElement === document.body) next.get(focused)?.tr.querySelector('a').focus({ preventScroll: true });
  }

  // element is what is drawn of a row already, while that is still true of it.
  #element(row) {
    const old = this.#drawn.get(row.topic);
    if (old && (old.row === row || (!old.row && !row.fresh))) return old.tr;
    const tr = draw(row);
    if (old && !old.row && same(old.tr, tr)) return old.tr;
    if (row.flash) { tr.classList.add('flash'); row.flash = false; }
    if (row.closing) tr.classList.add('closing');
    return tr;
  }

  // arrange brings the body's children into order and touches only those that are out of place.
  #arrange(wanted, above, below) {
    size(this.#above, above);
    size(this.#below, below);
    const all = [...(above ? [this.#above] : []), ...wanted, ...(below ? [this.#below] : [])];
    const keep = new Set(all);
    for (const child of [...this.#body.children]) if (!keep.has(child)) child.remove();
    let place = this.#body.firstChild;
    for (const tr of all) {
      if (tr === place) place = place.nextSibling;
      else this.#body.insertBefore(tr, place);
    }
  }

  #mark(tr) {
    for (const old of this.#body.querySelectorAll('tr.at')) if (old !== tr) old.classList.remove('at');
    tr?.classList.add('at');
  }

  // key moves the focus by rows, beyond what is drawn too.
  #key(e) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[e.key];
    const topic = e.target.closest('tr')?.dataset.topic;
    if (step === undefined || e.altKey || e.ctrlKey || e.metaKey || topic === undefined) return;
    e.preventDefault();
    const at = this.#rows.findIndex((r) => r.topic === topic);
    const to = Math.min(Math.max(at + step, 0), this.#rows.length - 1);
    this.reveal(to);
  }

  // reveal scrolls to a row and gives it the focus.
  reveal(i) {
    const height = this.#rowHeight();
    const head = this.#body.parentElement.tHead.getBoundingClientRect().height;
    const y = this.#body.getBoundingClientRect().top + i * height;
    if (y < head) scrollBy(0, y - head);
    else if (y + height > innerHeight) scrollBy(0, y + height - innerHeight);
    this.render();
    this.#drawn.get(this.#rows[i]?.topic)?.tr.querySelector('a').focus({ preventScroll: true });
  }
}

function pad() {
  const tr = document.createElement('tr');
  tr.className = 'pad';
  tr.setAttribute('aria-hidden', 'true');
  tr.append(document.createElement('td'));
  return tr;
}

function size(tr, height) {
  tr.firstChild.colSpan = 8;
  tr.firstChild.style.height = height + 'px';
}

// same tells whether a row that came with the page is what would be drawn, beside what depends on where it stands.
function same(old, tr) {
  const bare = old.cloneNode(true);
  bare.removeAttribute('aria-rowindex');
  return bare.isEqualNode(tr);
}

// The map of all ports: pointing at it and moving over it with the keyboard tells what each is.

const box = document.getElementById('map');
const svg = box.querySelector('svg');
const readout = document.getElementById('readout');
const means = new Map([...document.querySelectorAll('.levels tbody th')].map((th) => [th.querySelector('b').textContent, th.querySelector('small').textContent]));
const here = new Map([...svg.querySelectorAll('a')].map((a) => [Number(a.getAttribute('href').split('/').pop()), a.getAttribute('aria-label')]));
let port = 3706;
let life;

const load = () => life ??= fetch('/registry/life.json').then((answer) => answer.ok ? answer.json() : Promise.reject(new Error(answer.statusText)));

const shape = (name, attributes) => {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  return e;
};
const cursor = shape('g', {});
const across = shape('line', { class: 'cross', x1: 0, x2: 256 });
const down = shape('line', { class: 'cross', y1: 0, y2: 256 });
const spot = shape('rect', { class: 'cursor', width: 2, height: 2 });
cursor.append(across, down, spot);

async function tell(n) {
  port = n;
  const x = n & 255, y = n >> 8;
  spot.setAttribute('x', x - 0.5);
  spot.setAttribute('y', y - 0.5);
  for (const a of ['y1', 'y2']) across.setAttribute(a, y + 0.5);
  for (const a of ['x1', 'x2']) down.setAttribute(a, x + 0.5);
  if (!cursor.parentNode) svg.append(cursor);
  try {
    const { levels, ports, names } = await load();
    if (port !== n) return;
    const level = levels[ports.charCodeAt(n) - 97];
    const number = document.createElement('b');
    number.textContent = n;
    const name = document.createElement('span');
    name.className = 'claimed';
    name.textContent = names[n] ?? '';
    readout.replaceChildren(number, ' ', name, ` ${level}: ${means.get(level) ?? ''}. ${here.has(n) ? here.get(n).replace(/^\d+, where /, 'Here ') + '.' : ''}`);
  } catch { readout.textContent = String(n); }
}

const at = (e) => {
  const area = svg.getBoundingClientRect();
  const cell = (v, size) => Math.min(Math.max(Math.floor(256 * v / size), 0), 255);
  return cell(e.clientY - area.top, area.height) * 256 + cell(e.clientX - area.left, area.width);
};

box.addEventListener('pointermove', (e) => tell(at(e)));
box.addEventListener('pointerleave', () => { if (document.activeElement !== input) cursor.remove(); });
const input = box.querySelector('input');
input.addEventListener('focus', () => tell(port));
input.addEventListener('blur', () => cursor.remove());
input.addEventListener('click', (e) => {
  e.preventDefault();
  location.href = '/ports/' + (e.detail === 0 ? port : at(e)); // a click without a pointer is the keyboard's
});
input.addEventListener('keydown', (e) => {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -256, ArrowDown: 256, PageUp: -4096, PageDown: 4096, Home: -65535, End: 65535 }[e.key];
  if (step === undefined || e.altKey || e.ctrlKey || e.metaKey) return;
  e.preventDefault();
  tell(Math.min(Math.max(port + step, 0), 65535));
});
document.getElementById('map-keys').hidden = false;

// The page of a port, live: whatever happens on the port brings the page up to date.

import { copies } from './copy.js';
import { Live, refresher, show } from './live.js';

const port = document.getElementById('port');
copies(document);

const refresh = refresher();
const live = new Live([`listener.*.*.${port.dataset.port}.>`], port.dataset.at, {
  event: (e) => { show('live', `live, at event ${e.cursor}`); refresh(); },
  mark: (at) => show('live', `live, at event ${at}`),
  state: (name, words) => show(name, words === 'live' ? `live, at event ${live.at}` : words),
  reset: async () => {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    if (!answer.ok) throw new Error(answer.statusText);
    refresh();
    return new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('port').dataset.at;
  },
});
live.start();

// The list of events, live: the newest page follows the journal.

import { Live, refresher, show } from './live.js';

const list = document.getElementById('events');
const topic = new URLSearchParams(location.search).get('topic') || '>';

if (list.dataset.liveList === 'yes') {
  const refresh = refresher();
  const live = new Live([topic], list.dataset.at, {
    event: (e) => { show('live', `following, at event ${e.cursor}`); refresh(); },
    mark: (at) => show('live', `following, at event ${at}`),
    gap: refresh,
    state: (name, words) => show(name, words === 'live' ? `following, at event ${live.at}` : words),
    reset: async () => {
      const answer = await fetch('/listeners/rows');
      if (!answer.ok) throw new Error(answer.statusText);
      refresh();
      return (await answer.json()).at;
    },
  });
  live.start();
}

// The field begins with the present moment.
const at = document.getElementById('e-at');
if (at && !at.value) {
  const now = new Date();
  at.value = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

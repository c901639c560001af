#!/usr/bin/env python3
"""Sends each event that comes in on standard input, one a line, to a webhook as a CloudEvent (structured mode).

  rtevent sub --json --from "$(cat cursor 2>/dev/null || echo live)" 'listener.>' | webhook.py https://example.org/hook cursor

An event is done when the webhook has answered 2xx; then its cursor is written to the file, so that the next start goes on
after it. What has no answer, or 429 or 5xx, is sent again, later each time: a webhook may get an event twice and tells
it by source and id. Any other answer means that it will never take this event: that is told, and passed over.
WEBHOOK_TOKEN is sent as a bearer token.
"""
import json, os, sys, time, urllib.error, urllib.request

LONGEST_PAUSE = 60  # seconds


def note(text):
    print("webhook.py:", text, file=sys.stderr, flush=True)


def send(url, line):
    """Whether the event is done: taken, or never to be taken."""
    headers = {"Content-Type": "application/cloudevents+json", "User-Agent": "rtevent-webhook"}
    if token := os.environ.get("WEBHOOK_TOKEN"):
        headers["Authorization"] = "Bearer " + token
    try:
        with urllib.request.urlopen(urllib.request.Request(url, line, headers), timeout=30):
            return True
    except urllib.error.HTTPError as e:
        note(f"{url} answers {e.code}")
        return e.code != 429 and e.code < 500
    except OSError as e:
        note(f"{url}: {e}")
        return False


def remember(file, cursor):
    with open(file + ".new", "w") as f:
        f.write(cursor + "\n")
        f.flush()
        os.fsync(f.fileno())
    os.replace(file + ".new", file)


def main(url, file=None):
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        event = json.loads(line)
        if "specversion" not in event:
            continue  # a control word
        pause = 0.5
        while not send(url, line.strip()):
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        if file and "cursor" in event:
            remember(file, event["cursor"])


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

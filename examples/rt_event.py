#!/usr/bin/env python3
"""A small rt-event/1 client, written from docs/rt-event.md alone; standard library only.

  rt_event.py sub HOST:PORT [TOPIC...] [--from live|oldest|state|CURSOR|TIME]   prints events, one a line, and resumes
  rt_event.py pub HOST:PORT TOPIC [--type TYPE] < lines of JSON, each the data of an event

--tls speaks TLS (usually port 3707); RT_EVENT_CA names a file of authorities, RT_EVENT_TOKEN is a token.
"""
import argparse, json, os, random, socket, ssl, sys, time, uuid

MARK = 15  # seconds between marks; three without any octet mean that the connection is dead


class Stop(Exception):
    """Trying the same again would fail again."""


class Connection:
    def __init__(self, args):
        host, _, port = args.server.rpartition(":")
        sock = socket.create_connection((host.strip("[]"), int(port)), timeout=10)
        if args.tls:
            context = ssl.create_default_context(cafile=os.environ.get("RT_EVENT_CA"))
            context.set_alpn_protocols(["rt-event/1"])
            sock = context.wrap_socket(sock, server_hostname=host.strip("[]"))
        sock.settimeout(3 * MARK)
        self.sock, self.lines = sock, sock.makefile("rb")
        hello = {"rt": "hello", "client": "rt_event.py/1"}
        if "RT_EVENT_TOKEN" in os.environ:
            hello["token"] = os.environ["RT_EVENT_TOKEN"]
        self.send(hello)
        if (ready := self.read()).get("protocol") != "rt-event/1":
            raise Stop(f"{args.server} does not speak rt-event/1: {ready}")
        if (answer := self.answer("ok", "error"))["rt"] == "error":
            refused(answer)

    def send(self, obj):
        self.sock.sendall(json.dumps(obj, ensure_ascii=False).encode() + b"\n")

    def read(self):
        while True:
            line = self.lines.readline(66 * 1024 + 1024)
            if not line.endswith(b"\n"):
                raise ConnectionError("the connection ended")
            if line.strip():
                return json.loads(line)

    def answer(self, *words):
        """The next of these control words; others are ignored (RTE-4.2-3)."""
        while (line := self.read()).get("rt") not in words:
            pass
        return line


def note(text):
    print("rt_event.py:", text, file=sys.stderr, flush=True)


def refused(error):
    """RTE-11-2: only code and retry count. Returns how long to wait at least, in seconds."""
    text = f'{error.get("code")} {error.get("name")}: {error.get("text")}'
    if "code" in error and error.get("retry") not in ("yes", "after"):
        raise Stop(text)
    note(text)
    return error.get("after_ms", 0) / 1000 if error.get("retry") == "after" else 0


def stubbornly(once, args):
    """Calls once(args) until it returns or raises Stop; between failures it waits, longer each time (RTE-5.6-5)."""
    pause = 0.5
    while True:
        began, at_least = time.monotonic(), 0
        try:
            if (at_least := once(args)) is None:
                return
        except (OSError, ValueError) as e:
            note(e)
        pause = 0.5 if time.monotonic() - began > 30 or args.progress else min(30, pause * 2)
        args.progress = False
        time.sleep(max(at_least, pause * random.uniform(0.5, 1)))


def subscribe(args):
    c = Connection(args)
    start = args.bookmark or args.start
    c.send({"rt": "sub", "topics": args.topics or [">"], "from": start, "mark": MARK})
    answer = c.answer("ok", "reset", "error")
    if answer["rt"] == "error":
        return refused(answer)
    if answer["rt"] == "reset":
        raise Stop(f'{start} is no more ({answer["reason"]}); one can start at oldest {answer["oldest"]}, state or live')
    args.progress, in_state = True, start == "state"
    if not in_state:
        args.bookmark = answer["at"]
    while True:
        line = c.read()
        word = line.get("rt")
        if "specversion" in line:
            print(json.dumps(line, ensure_ascii=False), flush=True)
        elif word == "gap":
            note(f'{line["count"]} events are gone after {line["after"]} ({line["reason"]})')
        in_state = in_state and word != "live"
        if not in_state and ("specversion" in line or word in ("live", "mark", "gap", "bye")):
            args.bookmark = line.get("cursor") or line.get("at") or args.bookmark
        if word == "bye":
            return refused(line)


def publish(args):
    """One event at a time; what had no answer is sent again with the same source and id (RTE-9-9)."""
    c = Connection(args)
    while args.event or (text := sys.stdin.readline()):
        if not args.event:
            args.event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "//" + socket.gethostname(),
                          "type": args.type or args.topics[0], "topic": args.topics[0], "data": json.loads(text)}
        c.send(args.event)
        if (answer := c.answer("ack", "error", "bye"))["rt"] != "ack":
            return refused(answer)
        print(answer["at"], flush=True)
        args.event, args.progress = None, True


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("command", choices=["sub", "pub"])
    p.add_argument("server")
    p.add_argument("topics", nargs="*")
    p.add_argument("--from", dest="start", default="live")
    p.add_argument("--type")
    p.add_argument("--tls", action="store_true")
    args = p.parse_args(namespace=argparse.Namespace(bookmark=None, event=None, progress=False))
    if args.command == "pub" and len(args.topics) != 1:
        p.error("pub takes one TOPIC")
    try:
        stubbornly(subscribe if args.command == "sub" else publish, args)
    except Stop as e:
        note(e)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

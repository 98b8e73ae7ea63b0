# A host that answers whoever logs in with what gachette never says. MODE is put before this text.
import datetime, hashlib, json, os, struct, sys, threading

out = sys.stdout.buffer
inp = sys.stdin.buffer
EVIL = "\x1b]0;owned\x07\x1b[2J\u009b31m\u202e"


def endless(piece):
    while True:
        out.write(piece)
        out.flush()


def hello(protocol=1):
    line = json.dumps({"protocol": protocol, "version": EVIL})
    out.write(f"gachette-hello {line}\n".encode())
    out.flush()


def frame(kind, flags, stream, body, length=None):
    length = len(body) if length is None else length
    out.write(struct.pack(">I", length)[1:] + struct.pack(">BBI", kind, flags, stream) + body)


def read_exactly(count):
    data = inp.read(count)
    if len(data) < count:
        os._exit(0)
    return data


class Http:
    """HTTP/2 enough to answer whole requests."""

    def __init__(self):
        # The digest of the program, and who wants to work with which configuration.
        inp.readline()
        inp.readline()
        read_exactly(24)
        self.windows = {0: 65535}
        self.initial = 65535
        self.changed = threading.Condition()
        self.requests = []
        frame(4, 0, 0, b"")
        out.flush()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            head = read_exactly(9)
            length = int.from_bytes(head[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            body = read_exactly(length)
            with self.changed:
                if kind == 8:
                    self.windows[stream] = self.windows.get(stream, self.initial) + struct.unpack(">I", body)[0]
                if kind == 4 and not flags & 1:
                    for place in range(0, length, 6):
                        name, value = struct.unpack(">HI", body[place:place + 6])
                        if name == 4:
                            self.initial = value
                    frame(4, 1, 0, b"")
                    out.flush()
                if kind == 6 and not flags & 1:
                    frame(6, 1, 0, body)
                    out.flush()
                if kind in (0, 1) and flags & 1:
                    self.requests.append(stream)
                self.changed.notify_all()

    def request(self):
        with self.changed:
            self.changed.wait_for(lambda: self.requests)
            return self.requests.pop(0)

    def begin(self, stream, status=b"\x88"):
        with self.changed:
            frame(1, 4, stream, status)
            out.flush()

    def send(self, stream, data, end=False):
        for place in range(0, len(data), 16000):
            piece = data[place:place + 16000]
            with self.changed:
                room = lambda: min(self.windows[0], self.windows.setdefault(stream, self.initial)) >= len(piece)
                self.changed.wait_for(room)
                self.windows[0] -= len(piece)
                self.windows[stream] -= len(piece)
                frame(0, 0, stream, piece)
                out.flush()
        if end:
            with self.changed:
                frame(0, 1, stream, b"")
                out.flush()

    def answer(self, value, status=b"\x88"):
        stream = self.request()
        self.begin(stream, status)
        self.send(stream, json.dumps(value).encode(), end=True)


def build(state="running"):
    return {"id": "20260101T000000Z-00000000", "kind": "quick", "subject": EVIL, "state": state,
            "started": "2026-01-01T00:00:00Z", "finished": None, "log": EVIL, "outcome": None, "problem": PROBLEM}


def report(ahead, text):
    """What a host of this gachette would say of itself, with its clock so many seconds ahead."""
    now = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead)).isoformat()
    many = [text + f"\nfailure  tool {n}" for n in range(99)]
    facts = {"gachette": VERSION + text, "name": text, "clock": {"received": now, "answered": now},
             "system": {"kernel": text, "machine": text, "distribution": text},
             "tools": [{"name": "git", "state": "found", "path": text, "version": "2.39" + text},
                       {"name": "dpkg", "state": "broken", "why": text}],
             "folders": [{"role": "cache", "path": text, "free": 0, "free_files": None, "runs_programs": True,
                          "fault": text}],
             "agent": {"state": "silent", "why": text},
             "projects": [{"name": text, "url": text, "state": "failed", "title": text, "lines": many, "hint": text}]}
    finding = {"subject": "tool", "verdict": "ok", "found": "this is judged here, not there"}
    return {"format": 1, "verdict": "ok", "findings": [finding], "facts": facts}


PROBLEM = {"kind": "refused", "title": "title" + EVIL, "status": 409, "hint": "hint" + EVIL, "lines": ["line" + EVIL],
           "log": "../../log" + EVIL}

if MODE == "garbage":
    endless(os.urandom(4096))
elif MODE == "ready for ever":
    endless(b"gachette-arrival needs Linux x86_64\ngachette-arrival ready gzip\n")
elif MODE == "another machine":
    endless(f"gachette-arrival needs {EVIL} pdp11\n".encode())
elif MODE == "another protocol":
    hello(99)
elif MODE == "no json":
    out.write(b"gachette-hello {{{\n")
elif MODE == "garbage after hello":
    hello()
    endless(os.urandom(4096))
elif MODE == "wrong length":
    hello()
    Http()
    frame(0, 0, 1, b"x", length=(1 << 24) - 1)
    endless(b"x" * 4096)
elif MODE == "endless headers":
    hello()
    http = Http()
    stream = http.request()
    frame(1, 0, stream, b"\x88")
    while True:
        frame(9, 0, stream, b"\x00\x01a\x7f\x00" + b"a" * 127)
        out.flush()
elif MODE == "more than the window":
    hello()
    http = Http()
    stream = http.request()
    http.begin(stream)
    while True:
        frame(0, 0, stream, b"x" * 16000)
        out.flush()
elif MODE == "endless answer":
    hello()
    http = Http()
    stream = http.request()
    http.begin(stream)
    http.send(stream, b"[")
    while True:
        http.send(stream, b'"a",' * 4000)
elif MODE == "an answer that stops":
    hello()
    http = Http()
    stream = http.request()
    http.begin(stream)
    http.send(stream, b"[")
    threading.Event().wait()
elif MODE == "endless line of events":
    hello()
    http = Http()
    http.answer(build() | {"problem": None})
    stream = http.request()
    http.begin(stream)
    while True:
        http.send(stream, b"data:" + b"x" * 15000)
elif MODE == "escapes in a problem":
    hello()
    Http().answer(PROBLEM, b"\x8c")
    sys.stdin.read()
elif MODE == "escapes in a build":
    hello()
    http = Http()
    http.answer(build() | {"problem": None})
    stream = http.request()
    http.begin(stream)
    for event in [{"event": "output", "line": "said" + EVIL}, {"event": "warning", "text": "warned" + EVIL},
                  {"event": "notice", "text": "noticed" + EVIL}]:
        http.send(stream, b"data:" + json.dumps(event).encode() + b"\n\n")
    http.send(stream, b"\n", end=True)
    http.answer(build("failed"))
    sys.stdin.read()
elif MODE == "escapes in a list":
    hello()
    Http().answer([EVIL + "a"])
    sys.stdin.read()
elif MODE == "escapes in a report":
    hello()
    Http().answer(report(0, EVIL))
    sys.stdin.read()
elif MODE == "a clock that is ahead":
    hello()
    Http().answer(report(7200, ""))
    sys.stdin.read()
elif MODE in ("a lie about a file's name", "a package that stops", "a lie about a package"):
    body = open(DEB, "rb").read() if MODE == "a lie about a package" else b"evil"
    package = {"name": "dh-web", "version": "1", "architecture": "all", "file_name": NAME, "size": len(body),
               "sha256": hashlib.sha256(body).hexdigest(), "state": "built", "milliseconds": 1}
    package |= CLAIM if MODE == "a lie about a package" else {}
    outcome = {"working_copy": None, "packages": [package], "stack": None}
    hello()
    http = Http()
    http.answer(build() | {"problem": None})
    stream = http.request()
    http.begin(stream)
    http.send(stream, b"\n", end=True)
    http.answer(build("succeeded") | {"problem": None, "outcome": outcome})
    stream = http.request()
    http.begin(stream)
    if MODE == "a package that stops":
        http.send(stream, body[:1])
        threading.Event().wait()
    http.send(stream, body, end=True)
    sys.stdin.read()

"""Serves the guestbook over HTTP: GET shows it, POST adds a name."""

import os
from wsgiref.simple_server import make_server

import greetings

GUESTS = []


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        length = int(environ.get("CONTENT_LENGTH") or 0)
        GUESTS.append(environ["wsgi.input"].read(length).decode())
    lines = [os.environ.get("TITLE", "Guestbook")]
    lines += [greetings.greet(guest) for guest in GUESTS]
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [("\n".join(lines) + "\n").encode()]


def main():
    port = int(os.environ.get("GUESTBOOK_PORT", "8000"))
    with make_server("127.0.0.1", port, application) as server:
        print(f"listening on port {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()

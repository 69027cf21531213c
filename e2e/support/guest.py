"""A participant without a browser: a WebSocket that speaks docs/signaling.md, with no media, so it costs nothing."""

import contextlib
import json
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .stalls import stalls


class Guest:
    """Reads all the time, so that the server's pings are answered and nothing is kept from others."""

    def __init__(self, server, query="", **options):
        options.setdefault("origin", server.url)
        options.setdefault("compression", None)
        self.socket = connect(
            f"{server.url.replace('http', 'ws')}/ws{query}", max_size=None, open_timeout=60, close_timeout=2,
            ping_interval=None, **options).__enter__()
        self.messages = []
        self.arrived = threading.Condition()
        self.closed = None
        self.closed_at = None
        self.id = None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        try:
            while True:
                message = json.loads(self.socket.recv())
                with self.arrived:
                    self.messages.append((time.monotonic(), message))
                    self.arrived.notify_all()
        except ConnectionClosed as closed:
            with self.arrived:
                self.closed = closed.rcvd.code if closed.rcvd else 1006
                self.closed_at = time.monotonic()
                self.arrived.notify_all()

    def send(self, type, payload=None, **fields):
        self.send_text(json.dumps({"type": type, "payload": payload, **fields}))

    def send_text(self, text):
        self.socket.send(text)

    def find(self, condition):
        return next((message for _, message in self.messages if condition(message)), None)

    def wait(self, condition, timeout=40):
        """The first message, also of those already here, that fulfils a condition or is of a type."""
        wanted = condition if callable(condition) else lambda message: message["type"] == condition
        with self.arrived:
            self.arrived.wait_for(lambda: self.find(wanted) or self.closed, timeout)
            found = self.find(wanted)
            assert found, f"not among {[message['type'] for _, message in self.messages]}, closed {self.closed}"
            return found

    def wait_for_close(self, timeout=40):
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.closed, timeout), "the socket stayed open"
            return self.closed

    def join(self, room, name, media=None):
        return self.ask_to_join(room, name, media).wait_for_join()

    def ask_to_join(self, room, name, media=None):
        self.send("join", {"name": name, "media": media or {}}, roomId=room)
        return self

    def wait_for_join(self):
        self.id = self.wait("joined")["userId"]
        return self

    def round_trip(self, timeout=40):
        """How long a ping takes, in seconds in which this machine had time for it."""
        mark = f"mark-{time.monotonic_ns()}"
        begun = time.monotonic()
        self.send("ping", {"mark": mark})
        self.wait(lambda message: message["type"] == "pong" and message["payload"] == {"mark": mark}, timeout)
        return stalls.since(begun)

    def error(self, text, timeout=40):
        """Sends a text and returns the code of the error that answers it."""
        seen = len(self.messages)
        self.send_text(text)
        with self.arrived:
            self.arrived.wait_for(
                lambda: self.closed or any(m["type"] == "error" for _, m in self.messages[seen:]), timeout)
            answer = next((m for _, m in self.messages[seen:] if m["type"] == "error"), None)
        return answer["payload"]["code"] if answer else None

    def close(self):
        """Leaves: without that word its place in the room would be kept for a minute."""
        if self.id and self.closed is None:
            with contextlib.suppress(ConnectionClosed):
                self.send("leave")
        self.socket.close()
        self.reader.join(timeout=5)

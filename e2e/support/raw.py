"""Bytes to and from the web server, as no well-behaved client sends them."""

import base64
import contextlib
import json
import os
import socket
import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", *, final=True, reserved=0, masked=True, length=None):
    """A frame of RFC 6455 §5.2; `length` lies about how long it is."""
    if isinstance(payload, str):
        payload = payload.encode()
    count = len(payload) if length is None else length
    first = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if count < 126:
        head = first + bytes([bit | count])
    elif count < 65536:
        head = first + bytes([bit | 126]) + struct.pack(">H", count)
    else:
        head = first + bytes([bit | 127]) + struct.pack(">Q", count)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


class Raw:
    """One TCP connection to the web port."""

    def __init__(self, server, timeout=60):
        self.port = server.port
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=timeout)
        self.stream = self.socket.makefile("rb")

    def send(self, data):
        # The server may have closed already: what it said before counts.
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)
        return self

    def head(self):
        """Status and header fields of the next response; 0 where there is none."""
        with contextlib.suppress(ConnectionError):
            line = self.stream.readline().split()
            fields = {}
            while (field := self.stream.readline().strip()):
                name, _, value = field.decode("latin-1").partition(":")
                fields[name.lower()] = value.strip()
            return (int(line[1]) if len(line) > 1 else 0), fields
        return 0, {}

    def request(self, target="/livez", *fields, method="GET", version="HTTP/1.1", body=b"", host=None):
        lines = [f"{method} {target} {version}", f"Host: {host or f'127.0.0.1:{self.port}'}", *fields, "", ""]
        self.send("\r\n".join(lines).encode("latin-1") + body)
        return self.head()

    def upgrade(self, *fields, target="/ws", **options):
        key = base64.b64encode(os.urandom(16)).decode()
        return self.request(
            target, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}", *fields, **options)

    def websocket(self):
        assert self.upgrade()[0] == 101
        return self

    def receive(self):
        """The next frame: opcode and payload; None after the connection has ended."""
        with contextlib.suppress(ConnectionError):
            head = self.stream.read(2)
            if len(head) < 2:
                return None
            assert head[1] & 0x80 == 0, "the server masked a frame"
            count = head[1] & 0x7F
            if count > 125:
                size = 2 if count == 126 else 8
                count = int.from_bytes(self.stream.read(size), "big")
            return head[0] & 0x0F, self.stream.read(count)
        return None

    def answer(self):
        """The next JSON message; for a close frame its code, None for a connection that just ended."""
        while (received := self.receive()) is not None:
            opcode, payload = received
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big") if payload else 1005
        return None

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

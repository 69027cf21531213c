"""Connections that break the rules of HTTP and WebSocket: each ends alone, as the RFCs say, and nobody else notices."""

import concurrent.futures
import contextlib
import http.client
import socket
import time

import pytest

from support.guest import Guest
from support.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Raw, frame
from support.stalls import stalls

pytestmark = pytest.mark.usefixtures("bystander")

PING_MESSAGE = '{"type":"ping","payload":"κόσμε 𝄞"}'


@pytest.fixture
def raw(lasting_server):
    with Raw(lasting_server) as connection:
        yield connection


# Origin (reliability of the browser's word: RFC 6455 §10.2)

@pytest.mark.parametrize("origins, expected", [
    (["http://127.0.0.1:{port}"], 101),
    (["HTTP://127.0.0.1:{port}"], 101),
    (["https://127.0.0.1:{port}"], 101),
    ([], 101),
    (["null"], 403),
    ([""], 403),
    (["http://evil.example"], 403),
    (["http://127.0.0.1"], 403),
    (["http://127.0.0.1:1"], 403),
    (["http://127.0.0.1:{port}.evil.example"], 403),
    (["http://127.0.0.1:{port}@evil.example"], 403),
    (["http://evil.example/http://127.0.0.1:{port}"], 403),
    (["http://127.0.0.1:{port}/"], 403),
    (["http://127.0.0.1:{port} http://evil.example"], 403),
    (["http://127.0.0.1:{port}", "http://evil.example"], 403),
    (["http://evil.example", "http://127.0.0.1:{port}"], 403),
    (["file://"], 403),
    (["ws://127.0.0.1:{port}"], 403),
    (["127.0.0.1:{port}"], 403),
])
def test_only_the_servers_own_pages_may_open_a_socket(raw, origins, expected):
    fields = [f"Origin: {origin.format(port=raw.port)}" for origin in origins]
    assert raw.upgrade(*fields)[0] == expected


def test_no_compression_is_agreed_upon(raw):
    status, fields = raw.upgrade("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
    assert status == 101
    assert "sec-websocket-extensions" not in fields


@pytest.mark.parametrize("fields, expected", [
    (["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"], 400),
    (["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"], 400),
    (["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: {key}"], 426),
    (["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: {key}",
      "Content-Length: 3"], 400),
])
def test_a_handshake_that_is_none_is_refused(raw, fields, expected):
    status, _ = raw.request("/ws", *[field.format(key="dGhlIHNhbXBsZSBub25jZQ==") for field in fields])
    assert status == expected


# Frames

@pytest.mark.parametrize("name, data, code", [
    ("unmasked", frame(TEXT, PING_MESSAGE, masked=False), 1002),
    *[(f"reserved bits {bits}", frame(TEXT, PING_MESSAGE, reserved=bits), 1002) for bits in range(1, 8)],
    *[(f"opcode {opcode}", frame(opcode), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
    *[(f"control {opcode} in fragments", frame(opcode, final=False), 1002) for opcode in (CLOSE, PING, PONG)],
    *[(f"control {opcode} of 126 bytes", frame(opcode, bytes(126)), 1002) for opcode in (CLOSE, PING, PONG)],
    ("continuation of nothing", frame(CONTINUATION, b"x"), 1002),
    ("last continuation of nothing", frame(TEXT, PING_MESSAGE) + frame(CONTINUATION, b"x"), 1002),
    ("text within text", frame(TEXT, b"{", final=False) + frame(TEXT, b"}"), 1002),
    ("binary within text", frame(TEXT, b"{", final=False) + frame(BINARY, b"}"), 1002),
    ("a length of 2^63", frame(TEXT, length=1 << 63), 1002),
    ("a length of 2^64 - 1", frame(TEXT, length=(1 << 64) - 1), 1002),
    ("a length of 2^63 - 1", frame(TEXT, length=(1 << 63) - 1), 1009),
    ("a byte over the limit", frame(TEXT, length=256 * 1024 + 1), 1009),
    ("a binary message over the limit", frame(BINARY, length=1 << 32), 1009),
    ("fragments over the limit",
     frame(TEXT, b"[" * 262_000, final=False) + frame(CONTINUATION, b"[" * 200, final=False)
     + frame(CONTINUATION, b"[" * 200, final=False), 1009),
    *[(f"text {data.hex()}", frame(TEXT, b'"' + data + b'"'), 1007)
      for data in (b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xff")],
    ("text that ends within a character", frame(TEXT, b"\xe2\x82"), 1007),
    ("text wrong over a cut", frame(TEXT, b"\xe2", final=False) + frame(CONTINUATION, b"(\xa1"), 1007),
    ("a close of one byte", frame(CLOSE, b"\x03"), 1002),
    ("a close with a reason that is no text", frame(CLOSE, b"\x03\xe8\xff"), 1007),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_frame_against_the_rules_ends_its_connection(raw, name, data, code):
    raw.websocket().send(data)
    answer = raw.answer()
    while isinstance(answer, dict):
        answer = raw.answer()
    assert answer == code
    assert raw.receive() is None, "the connection stayed open"


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])
def test_a_close_is_answered_with_its_code(raw, code):
    raw.websocket().send(frame(CLOSE, code.to_bytes(2, "big") + "tschüß".encode()))
    assert raw.answer() == code


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
def test_a_close_code_that_may_not_be_sent_is_an_error(raw, code):
    raw.websocket().send(frame(CLOSE, code.to_bytes(2, "big")))
    assert raw.answer() == 1002


def test_a_message_may_be_cut_anywhere(raw):
    raw.websocket()
    data = PING_MESSAGE.encode()
    for cut in range(len(data) + 1):
        raw.send(frame(TEXT, data[:cut], final=False) + frame(PING, b"between") + frame(CONTINUATION, data[cut:]))
        assert raw.receive() == (PONG, b"between")
        assert raw.answer()["payload"]["code"] == "not-joined"


def test_bytes_may_come_one_by_one(raw):
    raw.websocket()
    raw.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in frame(PING, bytes(125)) + frame(TEXT, PING_MESSAGE):
        raw.send(bytes([byte]))
    assert raw.receive() == (PONG, bytes(125))
    assert raw.answer()["payload"]["code"] == "not-joined"


def test_fragments_without_end_cost_others_nothing(raw):
    raw.websocket().send(frame(TEXT, final=False))
    for _ in range(20):
        raw.send(frame(CONTINUATION, final=False) * 5000)
    raw.send(frame(CONTINUATION, PING_MESSAGE))
    assert raw.answer()["payload"]["code"] == "not-joined"


def test_binary_messages_are_no_messages(raw):
    raw.websocket().send(frame(BINARY, PING_MESSAGE))
    assert raw.answer()["payload"]["code"] == "bad-message"


# HTTP

@pytest.mark.parametrize("target", [
    "/../Package.swift", "/..%2fPackage.swift", "/%2e%2e/Package.swift", "/%2e%2e%2fPackage.swift", "/assets/../../Package.swift",
    "/..\\Package.swift", "/..%5cPackage.swift", "/%00", "/app.js%00.html", "//etc/passwd", "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/.git/config", "/assets", "/assets/", "/components/", "/%ff", "/%", "/" + "a" * 5000,
])
def test_no_path_leads_out_of_the_web_client(raw, target):
    status, _ = raw.request(target, "Connection: close")
    body = raw.stream.read()
    assert b"swift-tools-version" not in body and b"root:" not in body and b"repositoryformatversion" not in body
    assert status in (400, 404) or b"<!doctype html>" in body.lower(), status


@pytest.mark.parametrize("data, expected", [
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 300 + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n", 431),
    (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"\x00" * 1000, 400),
])
def test_a_request_that_is_none_is_answered_and_closed(raw, data, expected):
    raw.send(data)
    status, _ = raw.head()
    # Where much is left unread, the system may take the answer back along with the connection.
    assert status == expected or (status == 0 and len(data) > 50_000)
    with contextlib.suppress(ConnectionError):
        raw.stream.read()


# Time

def drip(server, opening, seconds):
    """How long the server bears a connection that sends one byte every half second after its opening, as far as this machine
    had time for it."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.settimeout(0.5)
        client.sendall(opening)
        while time.monotonic() - begun < seconds:
            try:
                if not client.recv(65536):
                    return stalls.since(begun)
            except TimeoutError:
                pass
            except OSError:
                return stalls.since(begun)
            try:
                client.sendall(b"a")
            except OSError:
                return stalls.since(begun)
    return None


def test_who_dawdles_is_let_go_and_the_others_are_served_meanwhile(lasting_server):
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
    body = b"POST /whip/r HTTP/1.1\r\nHost: a\r\nContent-Type: application/sdp\r\nContent-Length: 1000\r\n\r\n"
    handshake = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    mute = Raw(lasting_server).websocket()
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        slow = [pool.submit(drip, lasting_server, opening, 60) for opening in [head, body, handshake] * 20]
        longest = 0
        while time.monotonic() - begun < 5:
            asked = time.monotonic()
            client = http.client.HTTPConnection("127.0.0.1", lasting_server.port, timeout=30)
            client.request("GET", "/")
            assert client.getresponse().status == 200
            client.close()
            guest = Guest(lasting_server).join("patient", "Patient")
            guest.close()
            longest = max(longest, stalls.since(asked))
            time.sleep(0.2)
        ended = [future.result() for future in slow]
    assert longest < 2, f"somebody else waited {longest:.1f} s"
    assert all(took is not None and took < 15 for took in ended), ended
    # A socket that is open and says nothing has ten seconds as well.
    assert mute.answer()["payload"]["code"] == "not-joined"
    assert mute.answer() == 1008
    assert stalls.since(begun) < 16
    mute.close()

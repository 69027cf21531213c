"""Made-up sources at the media port: nothing of them stays."""

import re
import socket
import struct
import urllib.request

import pytest

from support.server import Server, free_port

COOKIE = bytes.fromhex("2112a442")
SOURCES = 100_000


def message(kind, attributes=b""):
    return struct.pack("!HH", kind, len(attributes)) + COOKIE + bytes(12) + attributes


# A question for the own address, a check of nobody we know, two requests to the relay, data on a channel, media.
DATAGRAMS = [
    message(0x0001), message(0x0001, struct.pack("!HH8s", 6, 7, b"abcd:ef")), message(0x0003), message(0x0004),
    bytes([0x40, 0, 0, 4, 1, 2, 3, 4]), bytes([0x80, 111]) + bytes(40),
]


@pytest.fixture
def loopback_server():
    """Sources of 127.0.0.0/8 reach it."""
    server = Server()
    server.udp_host = "127.0.0.1"
    server.udp_port = free_port(socket.SOCK_DGRAM)
    yield server.start()
    server.stop()


def resident_bytes(server):
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return float(re.search(r"^jumpa_process_resident_memory_bytes ([\d.e+]+)$", text, re.M).group(1))


def flood(server, numbers):
    for number in numbers:
        host = f"127.{2 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source:
            source.bind((host, 0))
            for datagram in DATAGRAMS:
                source.sendto(datagram, ("127.0.0.1", server.udp_port))


def test_a_hundred_thousand_made_up_sources_leave_no_memory_behind(loopback_server):
    # Buffers grow to what a burst needs, and a burst is as long as a busy machine lets it become. What is left of sources
    # would grow each time.
    flood(loopback_server, range(20_000))
    growths, begun = [], 20_000
    while len(growths) < 3 and min(growths, default=1_000_001) > 1_000_000:
        before = resident_bytes(loopback_server)
        flood(loopback_server, range(begun, begun + SOURCES))
        growths.append(resident_bytes(loopback_server) - before)
        begun += SOURCES
    assert min(growths) <= 1_000_000, growths

"""Starts and stops a real jumpa on free loopback ports."""

import json
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

from .stalls import stalls

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("JUMPA_BINARY", ROOT / ".build/release/jumpa"))
ARTEFACTS = ROOT / "e2e/artefacts"


def own_address():
    """An address of this machine that is not a loopback one, if it has any.

    Firefox pairs no loopback address with another, so for it media must go by the machine's own address; that
    never leaves the machine either. Connecting a UDP socket sends nothing.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


QUIET_PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections and to browsers: such a one may be taken again at any moment."""
given = set()


def free_port(kind=socket.SOCK_STREAM):
    """A port for a program that is about to start, or starts again: it stays free while nobody else asks for it by number."""
    while True:
        port = random.choice(QUIET_PORTS)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
        if port not in given:
            given.add(port)
            return port


class Server:
    """One process; `restart` keeps its ports."""

    def __init__(self, *flags, workers=1):
        self.port = free_port()
        self.udp_host = own_address()
        self.udp_port = free_port(socket.SOCK_DGRAM)
        self.host = "127.0.0.1"
        self.scheme = "http"
        self.flags = flags
        self.workers = workers
        self.web = ROOT / "web"
        self.process = None

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self):
        ARTEFACTS.mkdir(exist_ok=True)
        log = open(ARTEFACTS / "server.log", "ab")
        self.process = subprocess.Popen(
            [
                BINARY, "serve", "--host", self.host, "--port", str(self.port), "--udp-host", self.udp_host,
                "--udp-port", str(self.udp_port), "--workers", str(self.workers), "--web", self.web, *self.flags,
            ],
            stdout=log, stderr=log,
        )
        unverified = ssl._create_unverified_context()
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=1, context=unverified) as answer:
                    assert json.load(answer)["status"]
                    return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"jumpa did not start; see {log.name}") from None
                time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        """Stops it and returns the exit code and how long it took, as far as this machine had time for it."""
        if self.process is None:
            return None, 0
        begun = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.process = None
        return code, stalls.since(begun)

"""Starts and stops a real jumpa on free loopback ports."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

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


def free_port(kind, address="127.0.0.1"):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Server:
    """One process; `restart` keeps its ports."""

    def __init__(self, *flags):
        self.port = free_port(socket.SOCK_STREAM)
        self.udp_host = own_address()
        self.udp_port = free_port(socket.SOCK_DGRAM, self.udp_host)
        self.flags = flags
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        ARTEFACTS.mkdir(exist_ok=True)
        log = open(ARTEFACTS / "server.log", "ab")
        self.process = subprocess.Popen(
            [
                BINARY, "serve", "--host", "127.0.0.1", "--port", str(self.port), "--udp-host", self.udp_host,
                "--udp-port", str(self.udp_port), "--workers", "1", "--web", ROOT / "web", *self.flags,
            ],
            stdout=log, stderr=log,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=1) as answer:
                    assert json.load(answer)["status"]
                    return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"jumpa did not start; see {log.name}") from None
                time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        """Stops it and returns the exit code and how long it took."""
        if self.process is None:
            return None, 0
        begun = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        self.process = None
        return code, time.monotonic() - begun

"""A TURN server that is not ours, as a network may have one."""

import socket
import subprocess
import time

from .server import ARTEFACTS, free_port, own_address

USER, WORD = "ana", "sesame"
PORTS = range(61_200, 61_300)
"""Where it relays from: beyond the ports that the system gives to browsers' own sockets."""


class TurnServer:
    def __init__(self):
        self.address = own_address()
        self.port = free_port()
        ARTEFACTS.mkdir(exist_ok=True)
        with open(ARTEFACTS / "turnserver.log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout", "--lt-cred-mech",
                    "-L", self.address, "-E", self.address, "-p", str(self.port), "--realm", "jumpa.test",
                    "--user", f"{USER}:{WORD}", "--allow-loopback-peers",
                    "--min-port", str(PORTS.start), "--max-port", str(PORTS.stop - 1),
                ],
                stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while not self.is_up():
            assert self.process.poll() is None and time.monotonic() < deadline, "turnserver did not start"
            time.sleep(0.05)

    def is_up(self):
        with socket.socket() as probe:
            return probe.connect_ex((self.address, self.port)) == 0

    def servers(self, transport):
        """As `joined` names them."""
        return [{"urls": [f"turn:{self.address}:{self.port}?transport={transport}"], "username": USER, "credential": WORD}]

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=10)

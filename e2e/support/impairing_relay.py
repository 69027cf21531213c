"""UDP links between browsers and a server, each as bad as a test says, in a process of their own.

Run as a program it takes commands as JSON lines and answers each with one. `Impairments` is the face for tests.
"""

import asyncio
import collections
import contextlib
import dataclasses
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from impairment import PERFECT, Conditions, Direction  # noqa: E402

BUFFER = 1 << 20


def pass_on(send, data):
    """A datagram that the socket cannot take at the moment is lost, as on any link."""
    with contextlib.suppress(OSError):
        send(data)


class Lane:
    """One direction: what has come out of the link and waits for its time, in order."""

    def __init__(self, loop, seed):
        self.loop = loop
        self.link = Direction(seed)
        self.waiting = collections.deque()

    def put(self, data, send):
        now = self.loop.time()
        at = self.link.departure(len(data), now)
        if at is None:
            return
        if at <= now and not self.waiting:
            return pass_on(send, data)
        self.waiting.append((at, data, send))
        if len(self.waiting) == 1:
            self.loop.call_at(at, self.drain)

    def drain(self):
        # The loop's clock is coarse: what is due within half a millisecond goes now.
        while self.waiting and self.waiting[0][0] <= self.loop.time() + 0.0005:
            _, data, send = self.waiting.popleft()
            pass_on(send, data)
        if self.waiting:
            self.loop.call_at(self.waiting[0][0], self.drain)


class RelayedLink:
    """One browser's way to the server; each address it sends from gets a socket towards the server, as at a NAT."""

    def __init__(self, loop, host, target, seed):
        self.loop = loop
        self.target = target
        self.front = self.open(host)
        self.port = self.front.getsockname()[1]
        self.backs = {}
        self.lanes = {"up": Lane(loop, seed * 2), "down": Lane(loop, seed * 2 + 1)}
        loop.add_reader(self.front, self.from_browser)

    def open(self, host):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            made.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        made.bind((host, 0))
        return made

    def from_browser(self):
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                data, client = self.front.recvfrom(65536)
                if client not in self.backs:
                    self.backs[client] = back = self.open(self.target[0])
                    back.connect(self.target)
                    self.loop.add_reader(back, self.from_server, back, client)
                self.lanes["up"].put(data, self.backs[client].send)

    def from_server(self, back, client):
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                self.lanes["down"].put(back.recv(65536), lambda data: self.front.sendto(data, client))

    def close(self):
        for one in (self.front, *self.backs.values()):
            self.loop.remove_reader(one)
            one.close()


class Process:
    TICK = 0.05

    def __init__(self, loop):
        self.loop = loop
        self.links = {}
        self.stalls = []
        self.ticked = time.time()
        self.tick()

    def tick(self):
        """Where this process stood still, so did every link."""
        now = time.time()
        if now - self.ticked > 3 * self.TICK:
            self.stalls.append(((self.ticked + self.TICK) * 1000, now * 1000))
        self.ticked = now
        self.loop.call_later(self.TICK, self.tick)

    def handle(self, command):
        match command:
            case {"open": [host, port], "seed": seed}:
                link = RelayedLink(self.loop, host, (host, port), seed)
                self.links[link.port] = link
                return {"port": link.port}
            case {"set": port, "ways": ways}:
                for way, fields in ways.items():
                    if fields.get("bursts"):
                        fields["bursts"] = tuple(fields["bursts"])
                    self.links[port].lanes[way].link.set(Conditions(**fields))
                return {}
            case {"count": port}:
                return {way: {"passed": lane.link.passed, "lost": lane.link.lost, "dropped": lane.link.dropped}
                        for way, lane in self.links[port].lanes.items()}
            case {"stalls": _}:
                return {"stalls": self.stalls}
            case {"close": port}:
                self.links.pop(port).close()
                return {}

    def read(self):
        line = sys.stdin.readline()
        if not line:
            return self.loop.stop()
        print(json.dumps(self.handle(json.loads(line))), flush=True)


def main():
    loop = asyncio.new_event_loop()
    loop.add_reader(sys.stdin, Process(loop).read)
    loop.run_forever()


class Impairments:
    """Starts the process and opens links."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lock = threading.Lock()

    def ask(self, **command):
        with self.lock:
            self.process.stdin.write(json.dumps(command) + "\n")
            return json.loads(self.process.stdout.readline())

    def link(self, server, seed=1):
        return Link(self, server, seed)

    def stalls(self):
        """When the links stood still because the machine had no time for them: (from, to) in milliseconds since 1970."""
        return self.ask(stalls=True)["stalls"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class Link:
    """A browser's link: its port goes into the page in place of the server's (`rerouted`)."""

    def __init__(self, impairments, server, seed):
        self.impairments = impairments
        self.server_port = server.udp_port
        self.port = impairments.ask(open=[server.udp_host, server.udp_port], seed=seed)["port"]

    def set(self, up=PERFECT, down=PERFECT):
        ways = {"up": dataclasses.asdict(up), "down": dataclasses.asdict(down)}
        self.impairments.ask(set=self.port, ways=ways)

    def both(self, **fields):
        self.set(Conditions(**fields), Conditions(**fields))

    def count(self):
        return self.impairments.ask(count=self.port)

    def close(self):
        self.impairments.ask(close=self.port)


if __name__ == "__main__":
    main()

"""A small internet of network namespaces: hosts, routers that translate addresses, and rules of what passes.

Nothing of it is linked to a network outside. The addresses look public, since what is told of private ones differs.
"""

import itertools
import os
import pathlib
import shutil
import signal
import subprocess

PREFIX = "45.10.0"
PREFIX6 = "2a0c:aaaa"
ROUTING = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1}
numbers = itertools.count(1)


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(str(word) for word in command)}: {done.stderr.strip()}")
    return done.stdout


class Namespace:
    """One host."""

    def __init__(self, name):
        self.name = f"jumpa-{os.getpid()}-{name}"
        run("ip", "netns", "add", self.name)
        self.processes = []
        self.run("ip", "link", "set", "lo", "up")
        # Addresses are usable at once: nobody else is here who could have them.
        self.set("net.ipv6.conf.all.accept_dad", 0)
        self.set("net.ipv6.conf.default.accept_dad", 0)

    @property
    def entry(self):
        return ["nsenter", f"--net=/run/netns/{self.name}"]

    def run(self, *command):
        return run(*self.entry, *command)

    def set(self, key, value):
        self.run("sysctl", "-q", "-w", f"{key}={value}")

    def route(self, gateway):
        family = "-6" if ":" in gateway else "-4"
        self.run("ip", family, "route", "replace", "default", "via", gateway)

    def reaches(self, address):
        """Whether there is a way to an address."""
        done = subprocess.run([*self.entry, "ip", "route", "get", address], capture_output=True)
        return done.returncode == 0

    def start(self, *command, **options):
        process = subprocess.Popen([*self.entry, *[str(word) for word in command]], **options)
        self.processes.append(process)
        return process

    def knows(self, name, address):
        """Gives an address a name, for programs started by `program`."""
        folder = pathlib.Path("/etc/netns") / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hosts").write_text(f"127.0.0.1 localhost\n{address} {name}\n")
        # Nobody answers there, and at once.
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")

    def program(self, folder, path):
        """A program that runs another one here, for those who start programs themselves."""
        script = pathlib.Path(folder) / f"{pathlib.Path(path).name}-{self.name}"
        script.write_text(f"#!/bin/sh\nexec ip netns exec {self.name} {path} \"$@\"\n")
        script.chmod(0o755)
        return str(script)

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=20)
        run("ip", "netns", "del", self.name)
        shutil.rmtree(pathlib.Path("/etc/netns") / self.name, ignore_errors=True)


class Internet:
    """One link that everybody with a public address is on."""

    def __init__(self):
        self.hosts = []
        self.exchange = self.add("exchange")
        self.exchange.run("ip", "link", "add", "middle", "type", "bridge")
        self.exchange.run("ip", "link", "set", "middle", "up")

    def add(self, name):
        host = Namespace(name)
        self.hosts.append(host)
        return host

    def find(self, name):
        return next(host for host in self.hosts if host.name.endswith(f"-{name}"))

    def link(self, host, number, v4=True, v6=True):
        """Gives a host the public addresses with that number."""
        ours, theirs = f"x{next(numbers)}", "wan"
        run("ip", "link", "add", ours, "netns", self.exchange.name, "type", "veth", "peer", "name", theirs,
            "netns", host.name)
        self.exchange.run("ip", "link", "set", ours, "master", "middle", "up")
        if v4:
            host.run("ip", "addr", "add", f"{PREFIX}.{number}/24", "dev", theirs)
        if v6:
            host.run("ip", "addr", "add", f"{PREFIX6}::{number}/64", "dev", theirs, "nodad")
        host.run("ip", "link", "set", theirs, "up")

    def host(self, name, number, v4=True, v6=True):
        """A host with public addresses."""
        host = self.add(name)
        self.link(host, number, v4, v6)
        return host

    def router(self, name, number, *masquerade):
        """A host that translates what others send through it; `masquerade` are further words of the rule."""
        router = self.add(name)
        self.link(router, number, v6=False)
        translate(router, *masquerade)
        return router

    def close(self):
        for host in reversed(self.hosts):
            host.close()


def translate(router, *masquerade):
    for key, value in ROUTING.items():
        router.set(key, value)
    router.run("iptables", "-t", "nat", "-A", "POSTROUTING", "-o", "wan", "-j", "MASQUERADE", *masquerade)


def behind(router, host, subnet, outside="wan"):
    """Puts a host into a private network of a router: `subnet` is the first three numbers of its addresses."""
    inside = f"lan{next(numbers)}"
    run("ip", "link", "add", inside, "netns", router.name, "type", "veth", "peer", "name", outside,
        "netns", host.name)
    router.run("ip", "addr", "add", f"{subnet}.1/24", "dev", inside)
    router.run("ip", "link", "set", inside, "up")
    host.run("ip", "addr", "add", f"{subnet}.2/24", "dev", outside)
    host.run("ip", "link", "set", outside, "up")
    host.route(f"{subnet}.1")


def forward(router, inner, *ports):
    """Lets others reach a host behind a router at ports such as `udp/7880`, or at all where none are named."""
    wan = run(*router.entry, "ip", "-4", "-o", "addr", "show", "dev", "wan").split()[3].split("/")[0]
    for port in ports:
        protocol, number = port.split("/")
        router.run("iptables", "-t", "nat", "-A", "PREROUTING", "-d", wan, "-p", protocol, "--dport", number,
                   "-j", "DNAT", "--to-destination", inner)
    if not ports:
        router.run("iptables", "-t", "nat", "-A", "PREROUTING", "-d", wan, "-j", "DNAT", "--to-destination", inner)


def let_through(router, *rules):
    """Only what matches one of the rules, and what answers it, passes a router."""
    router.run("iptables", "-P", "FORWARD", "DROP")
    router.run("iptables", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT")
    for rule in rules:
        router.run("iptables", "-A", "FORWARD", *rule.split(), "-j", "ACCEPT")

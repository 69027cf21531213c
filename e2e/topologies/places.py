"""The places that somebody may be in, and the places that a server may stand in."""

import contextlib
import dataclasses
import subprocess
import time

from support.server import ARTEFACTS, BINARY, ROOT
from topologies.network import PREFIX, PREFIX6, Internet, behind, forward, let_through, translate

NAME = "meet.test"
SERVER = f"{PREFIX}.10"
SERVER6 = f"{PREFIX6}::10"
WEB, SECURE, MEDIA = 8080, 443, 7880


@dataclasses.dataclass
class Host:
    """A server, and where people find it."""

    namespace: object
    url: str
    addresses: tuple = (SERVER,)
    process: object = None

    def start(self, *flags):
        ARTEFACTS.mkdir(exist_ok=True)
        log = open(ARTEFACTS / "topologies.log", "ab")
        self.process = self.namespace.start(
            BINARY, "serve", "--web", ROOT / "web", "--workers", "1", *flags, stdout=log, stderr=log)
        return self

    def wait(self, namespace):
        """Until it answers to somebody elsewhere."""
        deadline = time.monotonic() + 60
        port = self.url.rsplit(":", 1)[-1] if self.url.startswith("http:") else SECURE
        look = [*namespace.entry, "curl", "-skf", "-m", "10", "--resolve", f"{NAME}:{port}:{SERVER}",
                f"{self.url}/readyz"]
        while subprocess.run(look, capture_output=True).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nothing answers at {self.url}; see {ARTEFACTS / 'topologies.log'}")
            time.sleep(0.05)
        return self


# Servers

def public(internet, certificate):
    """A server with public addresses of its own."""
    host = internet.host("server", 10)
    return Host(host, f"http://{NAME}:{WEB}", (SERVER, SERVER6)).start("--host", "::", "--port", WEB)


def secure(internet, certificate):
    """A server with HTTPS at the port that every network lets through."""
    host = internet.host("server", 10)
    return Host(host, f"https://{NAME}").start(
        "--host", "::", "--port", SECURE, "--tls-cert", certificate.chain, "--tls-key", certificate.key)


def container(internet, certificate):
    """A server in a container: a bridge with private addresses, and ports that are passed on one by one."""
    return Host(contained(internet), f"http://{NAME}:{WEB}").start("--port", WEB, "--advertise", SERVER)


def container_that_asks(internet, certificate):
    """The same, which nobody has told its public address: it asks a STUN server."""
    internet.host("stun", 70).start(BINARY, "turn", "--turn-user", "nobody:secret")
    return Host(contained(internet), f"http://{NAME}:{WEB}").start("--port", WEB, "--stun-server", f"{PREFIX}.70:3478")


def contained(internet):
    machine = internet.router("machine", 10)
    inside = internet.add("container")
    behind(machine, inside, "172.17.0", outside="eth0")
    forward(machine, "172.17.0.2", f"tcp/{WEB}", f"udp/{MEDIA}")
    return inside


def cloud(internet, certificate):
    """A server of a cloud: a private address, and a public one that stands for it outside."""
    return Host(instance(internet), f"http://{NAME}:{WEB}").start("--port", WEB, "--advertise", SERVER)


def cloud_by_address(internet, certificate):
    """The same, which nobody has told its public address, and which asks nobody. People come by that address."""
    return Host(instance(internet), f"http://{SERVER}:{WEB}").start("--port", WEB)


def cloud_by_name(internet, certificate):
    """The same, and people come by a name."""
    return Host(instance(internet), f"http://{NAME}:{WEB}").start("--port", WEB)


def instance(internet):
    gateway = internet.router("gateway", 10)
    inside = internet.add("instance")
    behind(gateway, inside, "10.0.0", outside="eth0")
    forward(gateway, "10.0.0.2")
    return inside


# People

def directly(internet):
    """With a public address of one's own."""
    return internet.host("person", 50)


def at_home(internet):
    """Behind a router that keeps ports as they are where it can."""
    person = internet.add("person")
    behind(internet.router("router", 50), person, "192.168.1")
    return person


def symmetric(internet):
    """Behind a router that uses another port for each destination."""
    person = internet.add("person")
    behind(internet.router("router", 50, "--random"), person, "192.168.1")
    return person


def twice(internet):
    """Behind a router of one's own and one of the provider's."""
    provider = internet.router("provider", 50, "--random")
    router = internet.add("router")
    behind(provider, router, "100.64.0")
    translate(router)
    person = internet.add("person")
    behind(router, person, "192.168.1")
    return person


def without_udp(internet):
    """In a network that lets no UDP out."""
    person = internet.add("person")
    router = internet.router("router", 50)
    behind(router, person, "192.168.1")
    let_through(router, "-p tcp")
    return person


def web_only(internet):
    """In a network that lets nothing out but connections to port 443."""
    person = internet.add("person")
    router = internet.router("router", 50)
    behind(router, person, "192.168.1")
    let_through(router, f"-p tcp --dport {SECURE}")
    return person


def tls_only(internet):
    """In a network that lets nothing out but TLS to port 443."""
    person = internet.add("person")
    router = internet.router("router", 50)
    behind(router, person, "192.168.1")
    # The cookie of STUN (RFC 8489 §5), which nobody sees within TLS.
    router.run("iptables", "-A", "FORWARD", "-p", "tcp", "-m", "string", "--algo", "bm", "--hex-string", "|2112a442|",
               "-j", "DROP")
    let_through(router, f"-p tcp --dport {SECURE}")
    return person


def without_ipv4(internet):
    """With an IPv6 address alone."""
    return internet.host("person", 50, v4=False)


@contextlib.contextmanager
def internet():
    made = Internet()
    try:
        yield made
    finally:
        made.close()

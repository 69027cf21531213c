"""From where people sit to where servers stand: everybody is connected, by which path, and how soon.

Two people meet: one at the place in question, one with a public address. Both see and hear the other.
"""

import dataclasses
import json
import os
import shutil
import subprocess
import time
import types

import pytest

from support.browsers import CHROMIUM_FLAGS
from support.participant import Participant
from topologies import places

PATH = """async () => {
  const all = new Map();
  (await window.jumpa.pc.getStats()).forEach(entry => all.set(entry.id, entry));
  const transport = [...all.values()].find(entry => entry.type === "transport");
  const pair = all.get(transport.selectedCandidatePairId);
  const local = all.get(pair.localCandidateId), remote = all.get(pair.remoteCandidateId);
  return `${local.candidateType}/${local.relayProtocol ? `turn-${local.relayProtocol}` : local.protocol}`
    + ` to ${remote.address}:${remote.port}`;
}"""

COUNT = "id => window.probe.picture(id, 'camera').frames"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Of an authority of our own, which the browsers in `home` trust: they refuse a relay's certificate otherwise."""
    folder = tmp_path_factory.mktemp("certificate")
    made = types.SimpleNamespace(chain=folder / "chain.pem", key=folder / "key.pem", home=folder / "home")
    authority, its_key, request, names = (folder / name for name in ("authority.pem", "its.key", "request.pem", "names"))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "10"]
    openssl("req", "-x509", *curve, "-subj", "/CN=Authority", "-keyout", its_key, "-out", authority)
    openssl("req", *curve, "-subj", f"/CN={places.NAME}", "-keyout", made.key, "-out", request)
    names.write_text(f"subjectAltName=DNS:{places.NAME}")
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", its_key, "-CAcreateserial", "-days", "10",
            "-extfile", names, "-out", made.chain)
    for place in (made.home / ".pki/nssdb", made.home / ".local/share/pki/nssdb"):
        place.mkdir(parents=True)
        for command in (["-N", "--empty-password"], ["-A", "-n", "ours", "-t", "C,,", "-i", authority]):
            subprocess.run(["certutil", "-d", f"sql:{place}", *command], check=True)
    return made


@pytest.fixture
def internet():
    with places.internet() as made:
        yield made


@pytest.fixture
def launch(playwright, tmp_path, certificate):
    started = []

    def launch(namespace, host):
        address = next(address for address in host.addresses if namespace.reaches(address))
        namespace.knows(places.NAME, address)
        browser = playwright.chromium.launch(
            executable_path=namespace.program(tmp_path, shutil.which("chromium")),
            args=[*CHROMIUM_FLAGS, f"--unsafely-treat-insecure-origin-as-secure={host.url}"],
            env={**os.environ, "HOME": str(certificate.home)})
        started.append(browser)
        return browser

    yield launch
    for browser in started:
        browser.close()


def join(launch, host, name, namespace, number=0):
    """Somebody who is connected, after how long."""
    person = Participant(launch(namespace, host), types.SimpleNamespace(url=host.url), name, hue=number * 120,
                         tone=440 + number * 300)
    person.open("place")
    person.find("name").fill(name)
    person.find("join").click()
    return person, person.wait("window.jumpa.pc?.connectionState === 'connected'")


def meet(launch, host, seat, other):
    """The person at the seat and the other one, who sees and hears whom after how long."""
    budi, _ = join(launch, host, "Budi", other)
    ana, took = join(launch, host, "Ana", seat, 1)
    for viewer, seen in [(ana, budi), (budi, ana)]:
        viewer.wait_for_picture(seen.id)
        viewer.wait_for_tone(seen.id, seen.tone)
    return ana, budi, took


def taken_by(person, way):
    """The path in use, once it is the one expected: the first that works may be given up for a better one."""
    deadline = time.monotonic() + 30
    while way not in (taken := person.page.evaluate(PATH)) and time.monotonic() < deadline:
        person.page.wait_for_timeout(100)
    return taken


@pytest.mark.parametrize("server, seat, way", [
    (places.public, places.directly, "/udp to "),
    (places.public, places.at_home, "/udp to "),
    (places.public, places.symmetric, "/udp to "),
    (places.public, places.twice, "/udp to "),
    (places.public, places.without_ipv4, "/udp to 2a0c:"),
    (places.public, places.without_udp, f"/tcp to {places.SERVER}:{places.WEB}"),
    (places.secure, places.web_only, f"/tcp to {places.SERVER}:{places.SECURE}"),
    (places.secure, places.tls_only, "relay/turn-tls to "),
    (places.container, places.symmetric, f"/udp to {places.SERVER}:"),
    (places.container_that_asks, places.at_home, f"/udp to {places.SERVER}:"),
    (places.cloud, places.at_home, f"/udp to {places.SERVER}:"),
    (places.cloud_by_address, places.at_home, f"/udp to {places.SERVER}:"),
])
def test_connects(internet, launch, certificate, server, seat, way, capsys):
    host = server(internet, certificate)
    other = internet.host("other", 60)
    host.wait(other)
    ana, budi, took = meet(launch, host, seat(internet), other)
    taken = taken_by(ana, way)
    with capsys.disabled():
        print(f"\n{server.__name__:20} {seat.__name__:14} {took:.2f} s  {taken}")
    assert way in taken


def test_goes_on_when_the_router_forgets_its_translations(internet, launch, capsys):
    host = places.public(internet, None)
    other = internet.host("other", 60)
    host.wait(other)
    seat = places.symmetric(internet)
    ana, budi, _ = meet(launch, host, seat, other)
    before = ana.page.evaluate(COUNT, budi.id), budi.page.evaluate(COUNT, ana.id)
    internet.find("router").run("conntrack", "-F")
    took = max(
        viewer.wait(f"({COUNT})('{seen.id}') > {count + 40}", 60)
        for viewer, seen, count in [(ana, budi, before[0]), (budi, ana, before[1])])
    with capsys.disabled():
        print(f"\nrebinding: 40 frames more after {took:.2f} s  {ana.page.evaluate(PATH)}")


def test_people_tell_a_server_where_it_is(internet, launch, capsys):
    """A cloud's server that knows a private address alone. Two come by its public address; then one by its name."""
    host = places.cloud_by_name(internet, None)
    by_address = dataclasses.replace(host, url=f"http://{places.SERVER}:{places.WEB}")
    witnesses = [internet.host(f"witness{number}", number) for number in (60, 61)]
    by_address.wait(witnesses[0])
    for number, namespace in enumerate(witnesses):
        join(launch, by_address, f"Witness {number}", namespace)
    look = [*witnesses[0].entry, "curl", "-sf", "-m", "20", f"{by_address.url}/test/facts"]
    deadline = time.monotonic() + 30
    while True:
        told = json.loads(subprocess.run(look, capture_output=True, check=True).stdout)["media"]
        if f"{places.SERVER}:{places.MEDIA}" in told or time.monotonic() > deadline:
            break
        # The page may be asked every other second.
        time.sleep(2)
    assert told == [f"10.0.0.2:{places.MEDIA}", f"{places.SERVER}:{places.MEDIA}"]
    ana, took = join(launch, host, "Ana", places.at_home(internet), 1)
    taken = taken_by(ana, f"/udp to {places.SERVER}:")
    with capsys.disabled():
        print(f"\n{'cloud_by_name':20} {'at_home':14} {took:.2f} s  {taken}")
    assert f"/udp to {places.SERVER}:" in taken

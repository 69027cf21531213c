"""Where datagrams do not pass, media takes the web server's port over TCP."""

import re
import shutil
import subprocess
import time
import urllib.request

import pytest

from support.browsers import FIREFOX_PREFERENCES, launch_chromium
from support.impairment import Conditions
from support.participant import WIRE
from support.relay import Relay
from support.server import Server
from support.waiting import wait_until

HIDDEN = f"{WIRE}\nwindow.wire.hides = true;\nwindow.wire.amends.joined = payload => {{ delete payload.iceServers }};\n"
"""Keeps from the server where it could send datagrams to, and from the page that there are relays."""

PATH = """async () => {
  const reports = await window.jumpa.pc.getStats()
  const pairs = [...reports.values()].filter(report => report.type === 'candidate-pair')
  const used = [...reports.values()].find(report => report.type === 'transport')?.selectedCandidatePairId
  const pair = pairs.find(({ id, selected }) => selected || id === used)
  return pair && [reports.get(pair.localCandidateId).protocol, reports.get(pair.remoteCandidateId).port]
}"""


def wait_for_path(person, protocol, port):
    """Figures of a path that has changed may come a little later than what it carries."""
    wait_until(person.page, f"({PATH})().then(path => path.join() === '{protocol},{port}')")


@pytest.fixture
def walled():
    """A server whose media port lets nothing through that `walled.firewall.admits` does not."""
    server = Server()
    server.host = "0.0.0.0"
    server.firewall = Relay(server.udp_host, (server.udp_host, server.udp_port), admits=lambda port: False)
    server.flags = ("--advertise", f"{server.udp_host}:{server.firewall.port}")
    server.start()
    yield server
    server.stop()
    server.firewall.close()


def person(people, browser, name, server):
    made = people(browser, name, before=HIDDEN)
    made.server = server
    return made


def figures(server):
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    counts = dict(re.findall(r'^jumpa_stream_datagrams_total\{fate="(\w+)"\} (\d+)', text, re.M))
    return int(re.search(r"^jumpa_media_streams (\d+)", text, re.M)[1]), {fate: int(count) for fate, count in counts.items()}


def test_pictures_and_voices_go_over_tcp_where_udp_is_closed(people, walled, browser, chromium):
    ana, budi = (person(people, kind, name, walled) for kind, name in ((browser, "Ana"), (chromium, "Budi")))
    for one in (ana, budi):
        one.open("walled").find("name").fill(one.name)
        one.wait("Object.values(window.jumpa.media.tracks).every(Boolean)")
        begun = time.monotonic()
        one.find("join").click()
        one.wait("window.jumpa.pc?.connectionState === 'connected'", timeout=30)
        took = time.monotonic() - begun
        print(f"{one.name} connected {took:.1f} s after joining")
    for one, other in ((ana, budi), (budi, ana)):
        took = one.wait_for_picture(other.id, timeout=30)
        one.wait_for_tone(other.id, other.tone)
        print(f"{one.name}: picture after {took:.1f} s, {one.frame_rate(other.id):.1f} frames/s")
        wait_for_path(one, "tcp", walled.port)
    streams, counts = figures(walled)
    print(streams, counts)
    assert streams >= 2 and counts["received"] > 100 and counts["sent"] > 100
    assert counts.get("dropped", 0) <= counts["sent"] / 100
    for one in (ana, budi):
        one.find("leave").click()
    ana.wait("window.jumpa.pc === null || window.jumpa.pc?.connectionState === 'closed'")


def test_who_gets_through_by_udp_stays_there(people, walled, browser):
    walled.firewall.admits = lambda port: True
    ana = person(people, browser, "Ana", walled).join("open")
    wait_for_path(ana, "udp", walled.firewall.port)
    # The page looks at the path once a second: at the third look the other way has had its time.
    ana.page.evaluate("""() => new Promise((resolve) => {
      let looks = 0
      window.jumpa.store.watch(['statistics'], () => { if ((looks += 1) === 3) resolve() }, new AbortController().signal)
    })""")
    wait_for_path(ana, "udp", walled.firewall.port)


def test_a_call_goes_on_over_tcp_when_udp_closes(people, walled, browser, chromium):
    walled.firewall.admits = lambda port: True
    ana, budi = (person(people, kind, name, walled).join("closing") for kind, name in ((browser, "Ana"), (chromium, "Budi")))
    ana.wait_for_picture(budi.id)
    walled.firewall.admits = lambda port: False
    frames = ana.picture(budi.id)["frames"]
    took = ana.wait(f"window.probe.picture('{budi.id}')?.frames > {frames} + 20", timeout=40)
    print(f"{browser.browser_type.name}: 20 pictures more within {took:.1f} s")
    wait_for_path(ana, "tcp", walled.port)
    frames = ana.picture(budi.id)["frames"]
    ana.wait(f"window.probe.picture('{budi.id}')?.frames > {frames} + 20")


@pytest.fixture
def open_server():
    server = Server()
    server.host = "0.0.0.0"
    server.start()
    yield server
    server.stop()


def behind(link, server):
    """To be given as `before`: the page sends by a link, and the server is not told where it could send instead."""
    return f"""{HIDDEN}
    window.wire.amends.negotiated = payload => {{
      payload.sdp = payload.sdp.replaceAll(" {server.udp_port} typ ", " {link.port} typ ");
    }};
    window.wire.amends.joined = payload => {{
      delete payload.iceServers;
      window.wire.amends.negotiated(payload);
    }};
    """


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_call_goes_on_over_tcp_when_udp_closes_in_one_direction(people, open_server, impairments, browser, chromium, way):
    link = impairments.link(open_server)
    ana = people(browser, "Ana", before=behind(link, open_server))
    budi = people(chromium, "Budi", before=HIDDEN)
    for one in (ana, budi):
        one.server = open_server
        one.join("one-way")
    ana.wait_for_picture(budi.id)
    budi.wait_for_picture(ana.id)
    viewer, shown = (budi, ana.id) if way == "up" else (ana, budi.id)
    frames = viewer.picture(shown)["frames"]
    link.set(**{way: Conditions(cut=True)})
    took = viewer.wait(f"window.probe.picture('{shown}')?.frames > {frames} + 10")
    print(f"{browser.browser_type.name}, {way}: 10 pictures more within {took:.1f} s")
    wait_for_path(ana, "tcp", open_server.port)
    link.close()


# A data-channel connection by relays of one kind alone; what it sends comes back.
RELAYED = """async ([iceServers, only]) => {
  const servers = iceServers.map(({ urls, ...rest }) => ({ urls: urls.filter(url => url.startsWith(only)), ...rest }))
  const pc = window.pc = new RTCPeerConnection({ iceServers: servers, iceTransportPolicy: 'relay' })
  const channel = pc.createDataChannel('echo')
  window.heard = []
  channel.onmessage = ({ data }) => window.heard.push(data)
  channel.onopen = () => channel.send('by the relay')
  await pc.setLocalDescription()
  await new Promise((resolve) => {
    const look = () => { if (pc.iceGatheringState === 'complete') resolve() }
    pc.onicegatheringstatechange = look
    look()
  })
  const answer = await fetch('/sdp', {
    method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp })
  await pc.setRemoteDescription({ type: 'answer', sdp: await answer.text() })
  return pc.localDescription.sdp
}"""

TOLD = """() => new Promise((resolve, reject) => {
  const socket = window.socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${location.host}/ws`)
  socket.onopen = () => socket.send(JSON.stringify({ type: 'join', roomId: 'tea', payload: { name: 'Ana' } }))
  socket.onerror = reject
  socket.onmessage = ({ data }) => resolve(JSON.parse(data).payload.iceServers)
})"""


def relay_by(page, scheme):
    servers = page.evaluate(TOLD)
    urls = [url for server in servers for url in server["urls"]]
    assert [url for url in urls if url.startswith(f"{scheme}:") and url.endswith("?transport=tcp")], urls
    sdp = page.evaluate(RELAYED, [[{**server, "urls": [url for url in server["urls"] if "transport=tcp" in url]} for server in servers], f"{scheme}:"])
    assert " typ relay" in sdp and " typ host" not in sdp
    wait_until(page, "heard.includes('by the relay')")


def test_the_relay_is_reached_by_the_page_s_own_port(walled, browser):
    walled.firewall.admits = lambda port: True
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    # A page of that address is not secure, which data channels do not mind.
    page.goto(f"http://{walled.udp_host}:{walled.port}/livez")
    relay_by(page, "turn")
    context.close()


@pytest.fixture
def guarded(tmp_path):
    """A server with a certificate of an authority that nobody knows (`guarded.authority`), whose media port is closed."""
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    server = Server()
    server.authority = tmp_path / "authority.pem"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "10"]
    for command in (
            [*new, "-subj", "/CN=Authority", "-keyout", tmp_path / "authority-key.pem", "-out", server.authority],
            [*new, "-subj", f"/CN={server.udp_host}", "-addext", f"subjectAltName=DNS:meet.test,IP:{server.udp_host},IP:127.0.0.1",
             "-addext", "basicConstraints=critical,CA:FALSE", "-CA", server.authority,
             "-CAkey", tmp_path / "authority-key.pem", "-keyout", key, "-out", chain]):
        subprocess.run(command, check=True, capture_output=True)
    server.host = "0.0.0.0"
    server.scheme = "https"
    server.firewall = Relay(server.udp_host, (server.udp_host, server.udp_port), admits=lambda port: False)
    server.flags = ("--advertise", f"{server.udp_host}:{server.firewall.port}", "--tls-cert", chain, "--tls-key", key)
    server.start()
    yield server
    server.stop()
    server.firewall.close()


@pytest.fixture(scope="module")
def trusting_chromium(playwright):
    """Knows no certificate and takes any, for TURN too."""
    browser = launch_chromium(playwright, "--ignore-certificate-errors")
    yield browser
    browser.close()


def test_one_port_with_tls_takes_media_over_tcp_beside_it(people, guarded, trusting_chromium, firefox):
    ana, budi = (
        people(kind, name, before=HIDDEN, ignore_https_errors=True) for kind, name in ((trusting_chromium, "Ana"), (firefox, "Budi")))
    for one in (ana, budi):
        one.server = guarded
        one.join("guarded")
    for one, other in ((ana, budi), (budi, ana)):
        one.wait_for_picture(other.id, timeout=30)
        wait_for_path(one, "tcp", guarded.port)


def test_the_relay_is_reached_by_tls_at_the_page_s_own_port(guarded, trusting_chromium):
    context = trusting_chromium.new_context(bypass_csp=True, ignore_https_errors=True)
    relay_by_tls(context, guarded, guarded.udp_host)
    context.close()


def test_firefox_that_knows_the_authority_reaches_the_relay_by_tls(playwright, guarded, tmp_path):
    profile = tmp_path / "profile"
    profile.mkdir()
    for command in (["-N", "--empty-password"], ["-A", "-n", "Authority", "-t", "C,,", "-i", guarded.authority]):
        subprocess.run(["certutil", "-d", f"sql:{profile}", *command], check=True, capture_output=True)
    context = playwright.firefox.launch_persistent_context(
        profile, channel="moz-firefox", executable_path=shutil.which("firefox-esr"),
        # Firefox speaks TLS to relays that have a name, not to addresses.
        firefox_user_prefs={**FIREFOX_PREFERENCES, "network.dns.forceResolve": guarded.udp_host}, bypass_csp=True)
    relay_by_tls(context, guarded, "meet.test")
    context.close()


def relay_by_tls(context, server, name):
    server.firewall.admits = lambda port: True
    page = context.new_page()
    page.goto(f"https://{name}:{server.port}/livez")
    relay_by(page, "turns")

"""What keeps a call from connecting is found and said: on the page /test, in the call, and in the server's log."""

import contextlib
import json
import os
import pty
import re
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from interop.peers import wait_for
from support.participant import only_udp
from support.server import ARTEFACTS, BINARY, Server, own_address
from test_accessibility import axe_source, violations  # noqa: F401

PAGE = {"secure": True, "rtc": True, "host": "meet.example"}
SERVER = {"address": "198.51.100.4", "skew": 0, "version": "1"}
OPEN = {"state": "open", "ports": [7880], "time": 40}
CLOSED = {"state": "closed", "ports": [7880]}
ABSENT = {"state": "absent", "ports": []}
WELL = {"page": PAGE, "server": SERVER, "websocket": {"state": "open"}, "udp": OPEN, "tcp": ABSENT,
        "turn-udp": ABSENT, "turn-tcp": ABSENT, "turn-tls": ABSENT,
        "bandwidth": {"way": "udp", "up": 8_000_000, "down": 9_000_000, "roundTrip": 20}}


@pytest.fixture
def dead_port():
    """A server that sends everybody to a UDP port where nobody listens."""
    server = Server()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        # Bound, so that nothing refuses: what is sent there is just never answered.
        silent.bind((server.udp_host, 0))
        server.dead = silent.getsockname()[1]
        server.flags = ("--advertise", f"{server.udp_host}:{server.dead}")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def judge(people, chromium):
    """What the client makes of results: the verdict's key, and by finding its level and its sentence in English."""
    page = people(chromium, "Ana").open("judged").page

    def run(results):
        verdict, found = page.evaluate("""async results => {
          const { findings, verdict } = await import('/findings.js')
          const { t } = await import('/i18n.js')
          return [verdict(results).key, findings(results).map(({ id, level, key, parameters, rules = [] }) =>
            [id, [level, t(key, parameters), rules.map(({ text }) => text)]])]
        }""", results)
        return verdict, dict(found)

    return run


def page_of(people, browser, server, **options):
    person = people(browser, "Ana", **options)
    person.server = server
    person.page.goto(f"{server.url}/test")
    return person


def finished(person):
    person.wait("document.querySelector('test-page')?.dataset.state === 'done'", timeout=180)
    return person.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('[data-finding]')].map(one =>
          [one.dataset.finding, [one.dataset.level, one.querySelector('[data-testid=sentence]').textContent]]))""")


def test_everything_that_works_is_said_to_work(people, server, browser):
    ana = page_of(people, browser, server)
    found = finished(ana)
    print(found)
    assert {id: level for id, (level, _) in found.items() if id not in ("bandwidth", "delay")} == {
        "secure": "good", "server": "good", "clock": "good", "websocket": "good", "udp": "good",
        "tcp": found["tcp"][0], "turn-udp": found["turn-udp"][0], "turn-tcp": found["turn-tcp"][0],
        "turn-tls": found["turn-tls"][0]}
    assert str(server.udp_port) in found["udp"][1]
    assert "bandwidth" in found and "delay" in found
    measured = ana.page.evaluate("document.querySelector('test-page').results.bandwidth")
    assert measured["up"] > 0 and measured["down"] > 0, measured
    assert ana.find("verdict").get_attribute("data-level") in ("good", "warning")
    assert ana.page.evaluate("[...window.jumpa.missingKeys]") == []
    assert [url for url in ana.requests if not url.startswith(server.url)] == []
    ana.screenshot(f"test-page-{browser.browser_type.name}")


def test_a_closed_port_is_named_with_the_rules_that_open_it(people, dead_port, browser):
    ana = page_of(people, browser, dead_port, viewport={"width": 360, "height": 780})
    found = finished(ana)
    assert found["udp"][0] in ("bad", "warning")
    assert found["udp"][1] == f"UDP port {dead_port.dead} of the server is closed from your network (127.0.0.1)."
    rules = ana.page.locator("[data-finding=udp] code").all_inner_texts()
    assert rules == [
        f"sudo ufw allow {dead_port.dead}/udp",
        f"sudo nft add rule inet filter input udp dport {dead_port.dead} accept",
        f"UDP {dead_port.dead} ← 0.0.0.0/0, ::/0", f"UDP {dead_port.dead} → {dead_port.dead}"]
    report = ana.page.evaluate("document.querySelector('[data-testid=report]').textContent")
    assert found["udp"][1] in report and f"sudo ufw allow {dead_port.dead}/udp" in report
    assert ana.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a phone need not scroll sideways"
    ana.page.screenshot(path=ARTEFACTS / f"test-page-closed-{browser.browser_type.name}.png", full_page=True)


def test_in_a_call_that_fails_the_closed_port_is_told_to_the_person_and_the_log(people, dead_port, browser):
    before = (ARTEFACTS / "server.log").stat().st_size
    ana = people(browser, "Ana", before=only_udp())
    ana.server = dead_port
    ana.open("failing")
    ana.find("name").fill("Ana")
    ana.find("join").click()
    ana.page.wait_for_selector("meeting-room", timeout=20_000)
    took = ana.wait("document.querySelector('[data-notice=outage]')", timeout=30)
    print(f"{browser.browser_type.name}: told after {took:.1f} s")
    ana.wait(f"document.querySelector('[data-notice=outage]').textContent.includes('UDP port {dead_port.dead}')", timeout=30)
    said = ana.page.locator("[data-notice=outage] p").inner_text()
    assert "127.0.0.1" in said
    ana.screenshot(f"failing-call-{browser.browser_type.name}")
    with ana.context.expect_page() as opened:
        ana.find("notice-outage").click()
    opened.value.wait_for_url("**/test")
    said = f"jumpa: UDP port {dead_port.dead} is closed from 127.0.0.1:"
    wait_for(lambda: said in (ARTEFACTS / "server.log").read_bytes()[before:].decode(), said)


def test_the_devices_are_checked_by_keyboard_and_what_was_heard_is_believed(people, server, browser):
    ana = page_of(people, browser, server)
    finished(ana)
    ana.find("check-devices").focus()
    ana.page.keyboard.press("Enter")
    ana.wait("document.querySelector('[data-finding=camera][data-level=good]')")
    # The made-up microphone is a tone.
    ana.wait("document.querySelector('[data-finding=microphone][data-level=good]')")
    ana.find("unheard").focus()
    ana.page.keyboard.press("Enter")
    ana.wait("document.querySelector('[data-finding=speaker][data-level=warning]')")
    ana.find("heard").click()
    ana.wait("document.querySelector('[data-finding=speaker][data-level=good]')")


def test_the_report_and_the_findings_are_in_the_language_that_is_chosen(people, server, chromium):
    ana = page_of(people, chromium, server)
    finished(ana)
    ana.find("language").select_option("id")
    ana.wait("document.querySelector('h1').textContent === 'Bisakah saya rapat dari sini?'")
    ana.wait("document.querySelector('[data-finding=server] [data-testid=sentence]').textContent.startsWith('Peladen menjawab')")
    assert "Peladen menjawab" in ana.page.evaluate("document.querySelector('[data-testid=report]').textContent")
    assert ana.page.evaluate("[...window.jumpa.missingKeys]") == []
    ana.page.screenshot(path=ARTEFACTS / "test-page-id.png", full_page=True)


@pytest.mark.parametrize("change, verdict, expected", [
    ({}, "test.verdict.good", {"udp": ("good", "Media gets through directly: UDP port 7880 is open (40 ms).")}),
    ({"udp": CLOSED}, "test.verdict.blocked",
     {"udp": ("bad", "UDP port 7880 of the server is closed from your network (198.51.100.4).")}),
    ({"udp": CLOSED, "tcp": {**OPEN, "ports": [443]}}, "test.verdict.detour",
     {"udp": ("warning", "closed from your network"), "tcp": ("good", "port 443 is open")}),
    ({"udp": CLOSED, "turn-tls": {**OPEN, "ports": [443]}, "tcp": {**CLOSED, "ports": [443]}}, "test.verdict.detour",
     {"tcp": ("warning", "TCP port 443"), "turn-tls": ("good", "relay over TLS works: port 443")}),
    ({"udp": CLOSED, "turn-udp": {**CLOSED, "ports": [3478]}}, "test.verdict.blocked",
     {"turn-udp": ("bad", "The relay cannot be used over UDP port 3478.")}),
    ({"turn-udp": {**CLOSED, "ports": [3478]}}, "test.verdict.almost", {"turn-udp": ("warning", "UDP port 3478")}),
    ({"udp": ABSENT}, "test.verdict.blocked", {"udp": ("bad", "names no UDP address")}),
    ({"server": None}, "test.verdict.server", {"server": ("bad", "does not answer")}),
    ({"websocket": {"state": "closed"}}, "test.verdict.server", {"websocket": ("bad", "Upgrade and Connection")}),
    ({"page": {**PAGE, "rtc": False}}, "test.verdict.browser", {"browser": ("bad", "no WebRTC")}),
    ({"page": {**PAGE, "secure": False}}, "test.verdict.almost", {"secure": ("bad", "http://meet.example")}),
    ({"server": {**SERVER, "skew": 60_000}}, "test.verdict.good", {"clock": ("good", "agree")}),
    ({"server": {**SERVER, "skew": 61_000}}, "test.verdict.almost", {"clock": ("warning", "61 s ahead")}),
    ({"server": {**SERVER, "skew": -7_200_000}}, "test.verdict.almost", {"clock": ("warning", "7200 s behind")}),
    ({"bandwidth": {"up": 300_000, "down": 5_000_000, "roundTrip": 20}}, "test.verdict.almost",
     {"bandwidth": ("bad", "0.3 Mbit/s up and 5.0 Mbit/s down")}),
    ({"bandwidth": {"up": 1_000_000, "down": 5_000_000, "roundTrip": 400}}, "test.verdict.almost",
     {"bandwidth": ("warning", "a few pictures"), "delay": ("warning", "400 ms")}),
    ({"bandwidth": {"up": None, "down": None, "roundTrip": None}}, "test.verdict.good", {}),
    ({"bandwidth": {"up": None, "down": None, "roundTrip": 20, "isLater": True}}, "test.verdict.good",
     {"bandwidth": ("none", "others measure theirs at the moment"), "delay": ("good", "20 ms")}),
    ({"microphone": {"label": "Mic", "isSilent": True}}, "test.verdict.almost", {"microphone": ("warning", "hears nothing: Mic")}),
    ({"camera": {"error": "denied"}}, "test.verdict.almost", {"camera": ("warning", "The camera is blocked")}),
    ({"speaker": "unheard"}, "test.verdict.almost", {"speaker": ("warning", "check the volume")}),
])
def test_results_become_these_sentences(judge, change, verdict, expected):
    said, found = judge({**WELL, **change})
    assert said == verdict
    for id, (level, words) in expected.items():
        assert found[id][0] == level and words in found[id][1], found[id]


def test_rules_open_each_port_by_its_own_transport(judge):
    _, found = judge({**WELL, "udp": {**CLOSED, "ports": [7880, 7881]}, "tcp": {**CLOSED, "ports": [443]}})
    assert found["udp"][2] == [
        "sudo ufw allow 7880/udp\nsudo ufw allow 7881/udp",
        "sudo nft add rule inet filter input udp dport { 7880, 7881 } accept",
        "UDP 7880, 7881 ← 0.0.0.0/0, ::/0", "UDP 7880, 7881 → 7880, 7881"]
    assert found["tcp"][2][0] == "sudo ufw allow 443/tcp"


def test_answers_and_relays_are_cut_down_to_one_way(people, chromium):
    page = people(chromium, "Ana").open("cut").page
    answer = "\r\n".join([
        "v=0", "a=candidate:1 1 udp 1 192.0.2.1 7880 typ host",
        "a=candidate:2 1 tcp 1 192.0.2.1 443 typ host tcptype passive", ""])
    servers = [{"urls": ["turn:h:7880?transport=udp", "turn:h?transport=tcp", "turns:[2001:db8::1]:443?transport=tcp"], "username": "u"}]
    cut = page.evaluate("""async ([answer, servers]) => {
      const { only, chosenServers, portOf } = await import('/connection-test.js')
      const tls = chosenServers(servers, /^turns:/)
      return [only(answer, / tcp /), tls, servers[0].urls.map(portOf), portOf('turns:h'), chosenServers([], /x/)]
    }""", [answer, servers])
    assert cut[0] == {"sdp": "v=0\r\na=candidate:2 1 tcp 1 192.0.2.1 443 typ host tcptype passive\r\n", "ports": [443]}
    assert cut[1] == [{"urls": ["turns:[2001:db8::1]:443?transport=tcp"], "username": "u"}]
    assert cut[2:] == [[7880, 3478, 443], 5349, []]


def test_a_server_that_says_come_later_is_not_asked_the_other_way(people, chromium):
    page = people(chromium, "Ana").open("later").page
    result, asked = page.evaluate("""async () => {
      const { throughput } = await import('/throughput.js')
      const asked = []
      const connection = {
        createDataChannel: (_, { protocol }) => {
          asked.push(protocol)
          const channel = { readyState: 'open', send() {}, close() {} }
          setTimeout(() => {
            channel.onopen()
            channel.onmessage({ data: 'later: as many measure at the moment as may (4); come again in 60 s' })
            channel.onclose()
          })
          return channel
        },
      }
      return [await throughput(connection), asked]
    }""")
    assert result == {"up": None, "down": None, "isLater": True}
    assert asked == ["jumpa.upload"]


def test_facts_are_told_to_whoever_asks_but_not_endlessly(server):
    with urllib.request.urlopen(f"{server.url}/test/facts", timeout=20) as answer:
        facts = json.load(answer)
    assert facts["address"] == "127.0.0.1"
    assert facts["media"] == [f"{own_address()}:{server.udp_port}"]
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", facts["version"])
    codes = set()
    for _ in range(40):
        try:
            with urllib.request.urlopen(f"{server.url}/test/facts", timeout=20) as answer:
                codes.add(answer.status)
        except urllib.error.HTTPError as refused:
            codes.add(refused.code)
            assert refused.headers["Retry-After"]
    assert codes == {200, 503}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page(people, dead_port, chromium, theme, axe_source):
    ana = page_of(people, chromium, dead_port, color_scheme=theme, bypass_csp=True)
    finished(ana)
    assert violations(ana, axe_source) == "", "after the test"
    ana.find("check-devices").click()
    ana.wait("document.querySelector('[data-finding=camera]')")
    ana.page.locator("summary").click()
    assert violations(ana, axe_source) == "", "with devices and the report"


class FakeSTUN:
    """Tells everybody that they are somewhere else."""

    def __init__(self, seen):
        self.seen = seen
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((own_address(), 0))
        self.name = f"{own_address()}:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):
            while (received := self.socket.recvfrom(2048))[0]:
                request, sender = received
                ip = bytes(one ^ mask for one, mask in zip(socket.inet_aton(self.seen), b"\x21\x12\xa4\x42"))
                value = struct.pack(">BBH", 0, 1, sender[1] ^ 0x2112) + ip
                answer = struct.pack(">HH", 0x0101, 12) + request[4:20] + struct.pack(">HH", 0x0020, 8) + value
                self.socket.sendto(answer, sender)

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def test_the_address_that_a_stun_server_sees_is_told_to_clients():
    stun = FakeSTUN("5.9.0.7")
    before = (ARTEFACTS / "server.log").stat().st_size if (ARTEFACTS / "server.log").exists() else 0
    server = Server("--stun-server", stun.name).start()
    try:
        def found():
            with urllib.request.urlopen(f"{server.url}/test/facts", timeout=20) as answer:
                return json.load(answer)

        # Where no answer comes within three seconds, as on a machine that has no time, it is asked again after a minute.
        facts, deadline = found(), time.monotonic() + 150
        while len(facts["media"]) < 2 and time.monotonic() < deadline:
            time.sleep(3)
            facts = found()
        assert facts["media"] == [f"5.9.0.7:{server.udp_port}", f"{own_address()}:{server.udp_port}"]
        assert facts["iceServers"][0]["urls"][0] == f"turn:5.9.0.7:{server.udp_port}?transport=udp"
        said = (ARTEFACTS / "server.log").read_bytes()[before:].decode()
        assert "5.9.0.7" in said and str(server.udp_port) in said, said
    finally:
        server.stop()
        stun.close()


def examine(*arguments):
    """Exit code and findings by what they are about, of `jumpa doctor`."""
    done = subprocess.run([BINARY, "doctor", "--json", *arguments], capture_output=True, text=True, timeout=180)
    findings = json.loads(done.stdout)["findings"]
    return done.returncode, {one["id"]: one for one in findings}


def test_the_doctor_finds_nothing_wrong_with_a_server_that_works(server):
    code, found = examine(server.url)
    assert code == 0
    levels = {id: one["level"] for id, one in found.items() if id not in ("bandwidth", "delay")}
    # The server listens for the web on loopback, and so tells of no way over TCP.
    assert levels == {"web": "good", "clock": "good", "websocket": "good", "udp": "good", "tcp": "none", "turn-udp": "good",
                      "turn-tcp": "none", "turn-tls": "none"}
    assert found["udp"]["sentence"].startswith(f"UDP port {server.udp_port} of {server.udp_host} is open (")
    assert re.search(r"[\d.]+ Mbit/s up and [\d.]+ Mbit/s down", found["bandwidth"]["sentence"])


def test_the_doctor_names_closed_ports_and_unknown_names(dead_port):
    code, found = examine(dead_port.url)
    assert code == 1
    assert found["udp"]["sentence"] == f"UDP port {dead_port.dead} of {dead_port.udp_host} is closed from here."
    assert f"sudo ufw allow {dead_port.dead}/udp" in [rule["text"] for rule in found["udp"]["rules"]]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        code, found = examine(f"http://127.0.0.1:{free.getsockname()[1]}")
    assert code == 1 and "closed from here" in found["web"]["sentence"]
    code, found = examine("https://name.invalid")
    assert code == 1 and "A or AAAA record" in found["dns"]["sentence"]


def test_the_doctor_says_that_a_certificate_is_refused_and_why(tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=meet.test", "-addext", "subjectAltName=DNS:meet.test",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    server = Server("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    log = open(ARTEFACTS / "server.log", "ab")
    process = subprocess.Popen(
        [BINARY, "serve", "--host", "127.0.0.1", "--port", str(server.port), "--udp-host", server.udp_host,
         "--udp-port", str(server.udp_port), "--workers", "1", *server.flags], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", server.port)) and time.monotonic() < deadline:
            time.sleep(0.05)
        code, found = examine(f"https://127.0.0.1:{server.port}")
        assert code == 1
        assert found["certificate"]["level"] == "bad", found
        assert "Browsers will refuse the certificate of 127.0.0.1" in found["certificate"]["sentence"]
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_the_doctor_says_on_a_terminal_what_it_tries_and_nowhere_else():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        for flags, says in ((), True), (("--json",), False):
            own, terminal = pty.openpty()
            try:
                done = subprocess.run([BINARY, "doctor", url, *flags], stdout=subprocess.PIPE, stderr=terminal, timeout=60)
                os.write(terminal, b"end\n")
                told = b""
                while b"end" not in told:
                    told += os.read(own, 4096)
            finally:
                os.close(own)
                os.close(terminal)
            assert done.returncode == 1
            assert (b"Trying TCP port" in told) == says, told
            assert b"Trying" not in done.stdout
    assert json.loads(done.stdout)["findings"]

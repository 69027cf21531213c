"""HTTPS that takes care of itself: files that change, an authority of its own, certificates by ACME."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import numpy
import pytest
import zxingcpp
from websockets.sync.client import connect

from support.browsers import CHROMIUM_FLAGS
from support.server import BINARY, ROOT, free_port

DOMAIN = "meet.jumpa.test"


class Program:
    """A jumpa whose lines are read while it runs."""

    def __init__(self, command, *flags, port=None):
        self.port = port or free_port()
        self.process = subprocess.Popen(
            [
                BINARY, command, "--port", str(self.port), "--udp-port", "0", "--workers", "1",
                "--web", ROOT / "web", *flags,
            ],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []
        self.told = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.told:
                self.lines.append(line.rstrip("\n"))
                self.told.notify_all()
        with self.told:
            self.lines.append("ENDED")
            self.told.notify_all()

    def wait(self, text, count=1, timeout=120):
        """The line with the text, the count-th of them."""
        def found():
            lines = [line for line in self.lines if text in line]
            return lines[count - 1] if len(lines) >= count else None
        with self.told:
            assert self.told.wait_for(lambda: found() or "ENDED" in self.lines, timeout), "\n".join(self.lines)
            assert found(), "\n".join(self.lines)
            return found()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=20) == 0


@contextlib.contextmanager
def running(command, *flags, port=None):
    program = Program(command, *flags, port=port)
    try:
        program.wait("ready: open")
        yield program
    finally:
        program.stop()


def trusting(file):
    return ssl.create_default_context(cafile=str(file))


def certificate_of(port, name, context):
    """What the server shows, after it was verified."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secure:
            return secure.getpeercert()


@contextlib.contextmanager
def joined(port, name, context):
    """A WebSocket of somebody who is in a room."""
    with connect(
            f"wss://{name}:{port}/ws", ssl=context, server_hostname=name,
            sock=socket.create_connection(("127.0.0.1", port)), open_timeout=60) as client:
        client.send(json.dumps({"type": "join", "roomId": "tea", "payload": {"name": "Ana"}}))
        assert heard(client, "joined")
        yield client


def heard(client, kind):
    while json.loads(client.recv(timeout=60))["type"] != kind:
        pass
    return True


def lives(client):
    """Whether the server still answers."""
    client.send(json.dumps({"type": "no such type", "payload": {}}))
    return heard(client, "error")


# The authority of its own


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    data = tmp_path_factory.mktemp("demo")
    with running("demo", "--data", str(data), "--http-port", "0") as program:
        program.data = data
        program.authority = data / "local-authority" / "ca.crt"
        yield program


def test_demo_prints_a_link_and_a_code_that_says_the_same(demo):
    demo.wait("SHA-256")
    link = demo.wait("On this network: ").split(": ")[1]
    assert re.fullmatch(rf"https://[0-9.]+:{demo.port}/room/demo", link)
    rows = [line for line in demo.lines if set(line) <= set("█▀▄ ") and "█" in line]
    # Two rows of modules in a line; what is drawn is light.
    light = []
    for row in rows:
        light.append([character in "█▀" for character in row])
        light.append([character in "█▄" for character in row])
    picture = numpy.kron(numpy.pad(numpy.array(light), 2, constant_values=True), numpy.ones((8, 8))) * 255
    assert [code.text for code in zxingcpp.read_barcodes(picture.astype(numpy.uint8))] == [link]


def test_the_certificate_is_for_all_addresses_of_this_machine(demo):
    context = trusting(demo.authority)
    names = certificate_of(demo.port, "localhost", context)["subjectAltName"]
    host = socket.gethostname().lower()
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    for name in ["localhost", host, f"{host}.local", "127.0.0.1", *[each for each in addresses if "." in each]]:
        assert name in [value.lower() for _, value in names]
        certificate_of(demo.port, name, context)
    with pytest.raises(ssl.SSLCertVerificationError):
        certificate_of(demo.port, "elsewhere.example", context)


def test_the_authority_is_served_and_its_key_is_nobody_elses(demo):
    with urllib.request.urlopen(f"https://localhost:{demo.port}/ca.crt", context=trusting(demo.authority)) as answer:
        assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
        assert answer.read() == demo.authority.read_bytes()
    for file in demo.authority.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert demo.authority.parent.stat().st_mode & 0o777 == 0o700


def test_the_authority_outlives_a_restart(tmp_path):
    seen = []
    for _ in range(2):
        with running("demo", "--data", str(tmp_path), "--http-port", "0"):
            seen.append([(tmp_path / "local-authority" / name).read_bytes() for name in ("ca.crt", "server.crt")])
    assert seen[0] == seen[1]


def test_plain_http_leads_to_https_and_has_the_authority_too(tmp_path):
    plain = free_port()
    with running("demo", "--data", str(tmp_path), "--http-port", str(plain)) as program:
        with urllib.request.urlopen(f"http://localhost:{plain}/ca.crt") as answer:
            context = ssl.create_default_context(cadata=answer.read().decode())
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        with pytest.raises(urllib.error.HTTPError) as led:
            urllib.request.build_opener(Stay).open(f"http://localhost:{plain}/room/a%20b?x=1%262")
        assert led.value.code == 307
        assert led.value.headers["Location"] == f"https://localhost:{program.port}/room/a%20b?x=1%262"
        with urllib.request.urlopen(led.value.headers["Location"], context=context) as page:
            assert page.status == 200
        # Whoever forgets the scheme comes to the same place.
        with pytest.raises(urllib.error.HTTPError) as led:
            urllib.request.build_opener(Stay).open(f"http://localhost:{program.port}/room/tea")
        assert led.value.headers["Location"] == f"https://localhost:{program.port}/room/tea"


def test_a_browser_that_trusts_the_authority_gives_the_page_its_camera(playwright, demo, tmp_path):
    home = tmp_path / "home"
    for place in (home / ".pki/nssdb", home / ".local/share/pki/nssdb"):
        place.mkdir(parents=True)
        for command in (["-N", "--empty-password"], ["-A", "-n", "demo", "-t", "C,,", "-i", str(demo.authority)]):
            subprocess.run(["certutil", "-d", f"sql:{place}", *command], check=True)
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS, env={**os.environ, "HOME": str(home)})
    try:
        page = browser.new_page()
        page.goto(demo.wait("On this network: ").split(": ")[1])
        assert page.evaluate("isSecureContext")
        assert page.evaluate("navigator.mediaDevices.getUserMedia({ video: true }).then((s) => s.getTracks().length)") == 1
    finally:
        browser.close()


def test_sslyze_finds_nothing_old_or_weak(demo, tmp_path):
    report = tmp_path / "report.json"
    subprocess.run(
        [
            f"{sys.prefix}-sslyze/bin/python", "-m", "sslyze", "--json_out", report, "--quiet", "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1",
            "--tlsv1_2", "--tlsv1_3", "--reneg", "--compression", "--heartbleed", "--robot", "--openssl_ccs",
            "--early_data", f"localhost:{demo.port}",
        ],
        check=True, timeout=120)
    found = {
        name: scan["result"] for name, scan in
        json.loads(report.read_text())["server_scan_results"][0]["scan_result"].items() if scan and scan.get("result")}
    accepted = {
        name: [suite["cipher_suite"]["name"] for suite in found[f"{name}_cipher_suites"]["accepted_cipher_suites"]]
        for name in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3")}
    assert [name for name, suites in accepted.items() if suites] == ["tls_1_2", "tls_1_3"]
    for suite in accepted["tls_1_2"]:
        assert suite.startswith("TLS_ECDHE_") and re.search("_GCM_|_CHACHA20_POLY1305_", suite), suite
    renegotiation = found["session_renegotiation"]
    assert renegotiation["supports_secure_renegotiation"]
    assert not renegotiation["is_vulnerable_to_client_renegotiation_dos"]
    assert not found["tls_compression"]["supports_compression"]
    assert not found["tls_1_3_early_data"]["supports_early_data"]
    assert not found["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert found["robot"]["robot_result"].startswith("NOT_VULNERABLE")


# Files that change


def self_signed(folder, name):
    """A certificate and key in files; written under other names first, as programs do that renew them."""
    for file in ("c", "k"):
        (folder / f"{file}.new").unlink(missing_ok=True)
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2", "-keyout", folder / "k.new",
            "-out", folder / "c.new",
        ],
        check=True, capture_output=True)
    for file in ("c", "k"):
        os.replace(folder / f"{file}.new", folder / f"{file}.pem")


@pytest.mark.parametrize("how", ["by itself", "at SIGHUP"])
def test_new_files_are_taken_and_nobody_is_dropped(tmp_path, how):
    self_signed(tmp_path, "old.test")
    old = trusting(tmp_path / "c.pem")
    with running("serve", "--tls-cert", str(tmp_path / "c.pem"), "--tls-key", str(tmp_path / "k.pem")) as program:
        with joined(program.port, "old.test", old) as client:
            assert lives(client)
            self_signed(tmp_path, "new.test")
            if how == "at SIGHUP":
                program.process.send_signal(signal.SIGHUP)
            program.wait("was read again")
            certificate_of(program.port, "new.test", trusting(tmp_path / "c.pem"))
            assert lives(client)
            (tmp_path / "k.pem").write_text("nothing")
            program.wait("the one read before stays in use")
            certificate_of(program.port, "new.test", trusting(tmp_path / "c.pem"))
            assert lives(client)


# ACME, against Debian's Pebble


def knows(port, name):
    """Asks a DNS server for the address of a name; throws an `OSError` where none comes."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + labels + b"\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        asking.connect(("127.0.0.1", port))
        asking.send(question)
        if asking.recv(512)[6:8] == bytes(2):
            raise OSError("no answer in it")


class Pebble:
    """A certificate authority on loopback, and names that lead there."""

    def __init__(self, folder, lifetime=None):
        self.folder = folder
        self.directory_port, management, self.names = (free_port() for _ in range(3))
        self.http, self.tls = (free_port() for _ in range(2))
        names_management = free_port()
        self_signed(folder, "localhost")
        settings = {
            "listenAddress": f"127.0.0.1:{self.directory_port}", "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(folder / "c.pem"), "privateKey": str(folder / "k.pem"), "httpPort": self.http,
            "tlsPort": self.tls, "ocspResponderURL": "", "externalAccountBindingRequired": False,
        }
        if lifetime:
            settings["certificateValidityPeriod"] = lifetime
        (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
        self.log = open(folder / "pebble.log", "wb")
        self.processes = [
            subprocess.Popen(
                [
                    "pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "",
                    "-tlsalpn01", "", "-dns01", f"127.0.0.1:{self.names}", "-management", f"127.0.0.1:{names_management}",
                ],
                stdout=self.log, stderr=self.log),
            # A tenth of all nonces are refused. Of three tenths one order in a hundred would meet six in a row, and give up.
            subprocess.Popen(
                ["pebble", "-config", folder / "pebble.json", "-dnsserver", f"127.0.0.1:{self.names}"],
                stdout=self.log, stderr=self.log,
                env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "10", "PEBBLE_AUTHZREUSE": "0"}),
        ]
        own = trusting(folder / "c.pem")

        def roots():
            with urllib.request.urlopen(f"https://localhost:{management}/roots/0", context=own, timeout=20) as answer:
                self.context = ssl.create_default_context(cadata=answer.read().decode())

        # Who asks for a certificate before names lead anywhere is told to come back in minutes.
        for ready in (roots, lambda: knows(self.names, DOMAIN)):
            deadline = time.monotonic() + 60
            while True:
                try:
                    ready()
                    break
                except OSError:
                    assert time.monotonic() < deadline, (folder / "pebble.log").read_text()
                    time.sleep(0.1)

    def flags(self, data):
        return [
            "--domain", DOMAIN, "--data", str(data), "--acme-email", "me@jumpa.test", "--acme-directory",
            f"https://localhost:{self.directory_port}/dir", "--acme-ca", str(self.folder / "c.pem"),
        ]

    def said(self):
        return (self.folder / "pebble.log").read_text()

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture
def pebble(tmp_path_factory, request):
    started = Pebble(tmp_path_factory.mktemp("pebble"), getattr(request, "param", None))
    yield started
    started.stop()


def certified(pebble, data, port, plain):
    return running("serve", *pebble.flags(data), "--http-port", str(plain), port=port)


@pytest.mark.parametrize("kind", ["http-01", "tls-alpn-01", "http-01 and then tls-alpn-01"])
def test_a_certificate_comes_by_each_kind_of_challenge(pebble, tmp_path, kind):
    port = free_port() if kind == "http-01" else pebble.tls
    plain = {"http-01": pebble.http, "tls-alpn-01": 0}.get(kind, free_port())
    with certified(pebble, tmp_path, port, plain) as program:
        program.wait("is there; it is renewed on")
        certificate_of(port, DOMAIN, pebble.context)
        if " and then " in kind:
            assert f"TCP port 80 of {DOMAIN} has to lead to this server" in program.wait("could not check")
    assert pebble.said().count("Issued certificate") == 1
    for file in (tmp_path / f"acme-localhost-{pebble.directory_port}").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    # What is kept is used again, and nobody is asked.
    with certified(pebble, tmp_path, port, plain) as program:
        certificate_of(port, DOMAIN, pebble.context)
    assert not [line for line in program.lines if "is asked for" in line]
    assert pebble.said().count("Issued certificate") == 1


@pytest.mark.parametrize("pebble", [36], indirect=True)
def test_a_certificate_is_renewed_in_time_and_nobody_is_dropped(pebble, tmp_path):
    with certified(pebble, tmp_path, pebble.tls, 0) as program:
        program.wait("is there; it is renewed on")
        first = certificate_of(pebble.tls, DOMAIN, pebble.context)
        with joined(pebble.tls, DOMAIN, pebble.context) as client:
            assert lives(client)
            program.wait("is there; it is renewed on", count=2)
            second = certificate_of(pebble.tls, DOMAIN, pebble.context)
            assert first["serialNumber"] != second["serialNumber"]
            assert lives(client)


def test_where_plain_http_cannot_be_had_only_the_other_challenge_is_tried(pebble, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with certified(pebble, tmp_path, pebble.tls, taken.getsockname()[1]) as program:
            program.wait("plain HTTP does not lead to HTTPS")
            program.wait("is there; it is renewed on")
    assert "Attempting to validate w/ HTTP" not in pebble.said()


def test_an_authority_that_is_not_there_is_said_and_not_asked_again_at_once(tmp_path):
    nobody = free_port()
    with running(
            "serve", "--domain", DOMAIN, "--data", str(tmp_path), "--http-port", "0",
            "--acme-directory", f"https://localhost:{nobody}/dir") as program:
        line = program.wait("cannot be asked")
        assert f"localhost:{nobody} does not answer" in line and re.search(r"next attempt is in [5-8] min", line)
        # Until there is a certificate it shows one of its own, which nobody vouches for.
        with pytest.raises(ssl.SSLCertVerificationError):
            certificate_of(program.port, DOMAIN, ssl.create_default_context())
        with urllib.request.urlopen(
                f"https://localhost:{program.port}/livez", context=ssl._create_unverified_context()) as answer:
            assert answer.status == 200
    assert sum("is asked for" in line for line in program.lines) == 1

"""Ways to the other side that are not the direct one: relays, TCP, names in place of addresses."""

import socket
import subprocess

import pytest

from interop.conftest import PROGRAM
from interop.peers import BrowserPeer, OurPeer, wait_for
from support.browsers import launch_chromium
from support.server import free_port, own_address


def listens(address, port):
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


@pytest.fixture(scope="module")
def coturn(tmp_path_factory):
    """coturn on the machine's own address, with a certificate of its own."""
    folder = tmp_path_factory.mktemp("coturn")
    address = own_address()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=relay",
         "-addext", f"subjectAltName=IP:{address}"], check=True, capture_output=True)
    port, secure_port = (free_port() for _ in range(2))
    process = subprocess.Popen(
        ["turnserver", "-n", "--listening-ip", address, "--relay-ip", address,
         "--listening-port", str(port), "--tls-listening-port", str(secure_port),
         "--lt-cred-mech", "--user", "alice:wonder land", "--realm", "example.org", "--no-cli",
         "--no-dtls", "--cert", certificate, "--pkey", key, "--pidfile", folder / "pid",
         "--simple-log", "--log-file", folder / "log", "--db", folder / "db"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: listens(address, secure_port), "coturn listens")
    yield {
        "udp": f"turn:{address}:{port}", "tcp": f"turn:{address}:{port}?transport=tcp",
        "tls": f"turns:{address}:{secure_port}", "authority": certificate.read_text(),
    }
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(params=["chromium", "firefox"])
def browser_peer(request, address):
    peer = BrowserPeer(request.getfixturevalue(request.param), address)
    yield peer
    peer.close()


def exchange(ours, theirs):
    """A channel, and a message each way."""
    wait_for(lambda: ours.is_open("way"), "it opens")
    wait_for(lambda: theirs.find_channel("way"), "it is told")
    ours.send_bytes("way", 100_000, 3)
    wait_for(lambda: theirs.messages("way"), "a message arrives")
    assert theirs.messages("way")[0]["isPattern"]
    theirs.send_text("way", "back")
    wait_for(lambda: ours.messages("way"), "an answer arrives")


def selected(ours):
    """The two candidates of the path in use."""
    told = ours.statistics()
    pair = told[told["transport"]["selectedCandidatePairId"]]
    return told[pair["localCandidateId"]], told[pair["remoteCandidateId"]]


def only(description, *words):
    """The description with those candidates alone that have all the words."""
    lines = [
        line for line in description["sdp"].split("\r\n")
        if not line.startswith("a=candidate:") or all(word in line.lower() for word in words)
    ]
    return {**description, "sdp": "\r\n".join(lines)}


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_relay_carries_everything_where_nothing_else_is_allowed(coturn, browser_peer, transport):
    ours = OurPeer(
        PROGRAM, relayOnly=True, authority=coturn["authority"],
        servers=[{"urls": [coturn[transport]], "username": "alice", "credential": "wonder land"}])
    try:
        ours.channel("way", {})
        ours.add_track("video")
        offer = ours.offer()
        candidates = [line for line in offer["sdp"].split("\r\n") if line.startswith("a=candidate")]
        assert candidates and all(" typ relay" in line for line in candidates)
        ours.accept(browser_peer.answer(offer))
        exchange(ours, browser_peer)
        wait_for(lambda: browser_peer.video()["frames"] > 20, "a picture comes by the relay")
        local, _ = selected(ours)
        assert local["candidateType"] == "relay" and local["relayProtocol"] == transport
    finally:
        ours.close()


def test_a_relay_that_refuses_us_is_named(coturn):
    ours = OurPeer(
        PROGRAM, relayOnly=True,
        servers=[{"urls": [coturn["udp"]], "username": "alice", "credential": "wrong"}])
    try:
        ours.channel("way", {})
        ours.offer()
        told = wait_for(
            lambda: [event for event in ours.events if event["event"] == "candidateError"], "an error")
        assert told[0]["code"] == 401 and told[0]["url"] == coturn["udp"]
    finally:
        ours.close()


def test_browsers_open_tcp_connections_to_us(browser_peer):
    ours = OurPeer(PROGRAM, listensOnTCP=True)
    try:
        ours.channel("way", {})
        offer = only(ours.offer(), " tcp ", "tcptype passive")
        assert "tcptype passive" in offer["sdp"]
        ours.accept(only(browser_peer.answer(offer), " tcp "))
        exchange(ours, browser_peer)
        local, _ = selected(ours)
        assert local["protocol"] == "tcp"
    finally:
        ours.close()


def test_names_that_a_browser_gives_for_its_addresses_are_found(playwright, address):
    # A page that may use the camera is trusted with addresses.
    hiding = launch_chromium(
        playwright, without=[
            "--disable-features=WebRtcHideLocalIpsWithMdns", "--use-fake-ui-for-media-stream"])
    theirs = BrowserPeer(hiding, address)
    ours = OurPeer(PROGRAM)
    try:
        ours.channel("way", {})
        # Without an address of ours the browser cannot find us: we have to find it.
        answer = theirs.answer(only(ours.offer(), "none"))
        assert ".local " in answer["sdp"]
        ours.accept(answer)
        exchange(ours, theirs)
    finally:
        ours.close()
        theirs.close()
        hiding.close()

"""Publishing and playing over plain HTTP: WHIP and WHEP with a browser's own peer connection at both ends."""

import pytest

from support.guest import Guest
from support.participant import MEDIA
from support.raw import Raw
from support.waiting import wait_until

# Runs on a page of the server that is not the client; the instruments of support/media.js give camera and tone.
PUBLISH = """async ({ room, kinds }) => {
  const pc = window.pc = new RTCPeerConnection()
  const stream = await navigator.mediaDevices.getUserMedia({ audio: kinds.includes('audio'), video: kinds.includes('video') })
  for (const track of stream.getTracks()) pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] })
  return await window.exchange(`/whip/${room}?name=Encoder`)
}"""

PLAY = """async ({ room, audio = 1, video = 1 }) => {
  const pc = window.pc = new RTCPeerConnection()
  for (let index = 0; index < audio; index++) pc.addTransceiver('audio', { direction: 'recvonly' })
  for (let index = 0; index < video; index++) pc.addTransceiver('video', { direction: 'recvonly' })
  return await window.exchange(`/whep/${room}`)
}"""

TOOLS = """
  window.exchange = async (address) => {
    await window.pc.setLocalDescription()
    if (window.pc.iceGatheringState !== 'complete') {
      await new Promise(resolve => { window.pc.onicegatheringstatechange = () => window.pc.iceGatheringState === 'complete' && resolve() })
    }
    const answer = await fetch(address, {
      method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: window.pc.localDescription.sdp })
    const headers = Object.fromEntries(answer.headers)
    const sdp = await answer.text()
    if (answer.status === 201) await window.pc.setRemoteDescription({ type: 'answer', sdp })
    return { status: answer.status, headers, sdp }
  }
  window.played = async () => {
    const totals = { frames: 0, width: 0, samples: 0 }
    for (const report of (await window.pc.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue
      totals.frames += report.framesDecoded ?? 0
      totals.width = Math.max(totals.width, report.frameWidth ?? 0)
      totals.samples += report.kind === 'audio' ? report.packetsReceived : 0
    }
    return totals
  }
  // The frequency of what is heard, as the client's page measures it.
  window.listen = () => {
    const player = Object.assign(document.createElement('audio'), { autoplay: true })
    Object.assign(player.dataset, { testid: 'sound', participant: 'player', source: 'microphone' })
    const receiver = window.pc.getReceivers().find(({ track }) => track.kind === 'audio')
    player.srcObject = new MediaStream([receiver.track])
    document.body.append(player)
    player.play()
  }
"""


class Endpoint:
    """A page with a peer connection and nothing of the client."""

    def __init__(self, browser, server, tone=700):
        self.context = browser.new_context()
        self.context.add_init_script(f"window.__probe = {{ hue: 120, tone: {tone} }};\n{MEDIA}\n{TOOLS}")
        self.page = self.context.new_page()
        self.page.goto(f"{server.url}/livez")

    def publish(self, room, *kinds):
        return self.page.evaluate(PUBLISH, {"room": room, "kinds": kinds or ["audio", "video"]})

    def play(self, room, **sections):
        return self.page.evaluate(PLAY, {"room": room, **sections})

    def wait(self, condition, timeout=40):
        for _ in range(timeout * 20):
            answer = self.page.evaluate(f"async () => {{ const played = await window.played(); return Boolean({condition}) }}")
            if answer:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"waited for {condition}: {self.page.evaluate('() => window.played()')}")

    def delete(self, location):
        return self.page.evaluate("address => fetch(address, { method: 'DELETE' }).then(({ status }) => status)", location)

    def close(self):
        self.context.close()


@pytest.fixture
def endpoint(server):
    made = []

    def make(browser, **options):
        made.append(Endpoint(browser, server, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("publisher, player", [("chromium", "firefox"), ("firefox", "chromium")])
def test_what_is_published_is_played_and_seen_in_the_meeting(request, people, chromium, endpoint, publisher, player):
    encoder = endpoint(request.getfixturevalue(publisher))
    answer = encoder.publish("studio")
    assert answer["status"] == 201
    assert answer["headers"]["content-type"] == "application/sdp"
    assert answer["headers"]["etag"]
    location = answer["headers"]["location"]
    assert location.startswith("/whip/")
    viewer = endpoint(request.getfixturevalue(player))
    played = viewer.play("studio")
    assert played["status"] == 201 and played["headers"]["location"].startswith("/whep/")
    viewer.wait("played.frames > 20 && played.width >= 320")
    viewer.page.evaluate("window.listen()")
    viewer.wait("(() => { const heard = window.probe.tone('player'); return heard && heard.level > -60 && Math.abs(heard.frequency - 700) < 12 })()")
    # In the meeting it is a participant like others; players are not shown.
    ana = people(chromium, "Ana", hue=200, tone=1000).join("studio")
    ana.wait("window.jumpa.store.state.participants.length === 2")
    encoder_id = ana.page.evaluate("window.jumpa.store.state.participants.find(({ name }) => name === 'Encoder').id")
    ana.wait_for_picture(encoder_id)
    ana.wait_for_tone(encoder_id, 700)
    ana.screenshot(f"whip-{publisher}")
    # The player that was there first hears and sees no less because somebody came.
    before = viewer.page.evaluate("() => window.played()")["frames"]
    viewer.wait(f"played.frames > {before} + 10")
    assert encoder.delete(location) == 200
    ana.wait(f"document.querySelector('video-tile[data-participant=\"{encoder_id}\"]') === null")
    assert encoder.delete(location) == 404
    assert viewer.delete(played["headers"]["location"]) == 200
    assert viewer.delete(played["headers"]["location"]) == 404


def test_a_player_may_come_first_and_may_want_more_than_there_is(chromium, endpoint):
    viewer = endpoint(chromium)
    assert viewer.play("later", audio=2, video=3)["status"] == 201
    wait_until(viewer.page, "window.pc.connectionState === 'connected'")
    encoder = endpoint(chromium)
    assert encoder.publish("later", "video")["status"] == 201
    viewer.wait("played.frames > 10")


def test_a_meeting_is_played(people, chromium, endpoint):
    ana = people(chromium, "Ana", tone=1000).join("show")
    viewer = endpoint(chromium)
    assert viewer.play("show")["status"] == 201
    viewer.wait("played.frames > 10 && played.samples > 10")
    viewer.page.evaluate("window.listen()")
    viewer.wait("Math.abs(window.probe.tone('player')?.frequency - 1000) < 12")
    assert ana.page.evaluate("window.jumpa.store.state.participants.length") == 1


def test_a_publisher_that_vanishes_is_removed(server, chromium, endpoint):
    guest = Guest(server).join("gone", "Watcher")
    encoder = endpoint(chromium)
    assert encoder.publish("gone", "audio")["status"] == 201
    guest.wait("participant-joined")
    wait_until(encoder.page, "window.pc.connectionState === 'connected'")
    # A peer connection that is closed properly says so over DTLS.
    encoder.page.evaluate("window.pc.close()")
    guest.wait("participant-left", timeout=90)
    guest.close()


SDP = "Content-Type: application/sdp"
OFFER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


@pytest.mark.parametrize("method, target, fields, body, expected", [
    ("POST", "/whip/r", ["Content-Type: text/plain"], OFFER, 415),
    ("POST", "/whip/r", ["Content-Type: application/json"], b"{}", 415),
    ("POST", "/whip/r", [], OFFER, 415),
    ("POST", "/whep/r", ["Content-Type: application/sdpx"], OFFER, 415),
    ("POST", "/whip/r", [SDP], b"", 400),
    ("POST", "/whip/r", [SDP], b"hello", 400),
    ("POST", "/whip/r", [SDP], bytes(range(256)), 400),
    ("POST", "/whip/r", [SDP], OFFER, 400),
    ("POST", "/whep/r", [SDP], OFFER, 400),
    ("POST", "/whip/r", [SDP], OFFER + b"m=audio 9 UDP/TLS/RTP/SAVPF 4294967296\r\n", 400),
    ("POST", "/whip/r", [SDP], OFFER + b"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 10_000, 413),
    ("POST", "/whip/r", [SDP], OFFER + b"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 7000, 400),
    ("POST", "/whip/r", [SDP], OFFER + b"a=x\r\n" * 60_000, 413),
    ("POST", "/whip/r", [SDP], b"v=" + b"0" * 256 * 1024, 413),
    ("POST", "/whip/r", [SDP, "Expect: 100-continue"], b"v=" + b"0" * 256 * 1024, 413),
    ("POST", "/whip/r", [SDP], b"v=" + b"0" * (256 * 1024 - 2), 400),
    ("POST", "/whip/a%00b", [SDP], OFFER, (400, 404)),
    ("POST", "/whip/" + "x" * 129, [SDP], OFFER, (400, 404)),
    ("POST", "/whip/", [SDP], OFFER, 404),
    ("POST", "/whip/r/x/y", [SDP], OFFER, 404),
    ("DELETE", "/whip/r/nobody", [], b"", 404),
    ("DELETE", "/whep/r/nobody", [], b"", 404),
    ("DELETE", "/whip/r", [], b"", 405),
    ("GET", "/whip/r", [], b"", 405),
    ("PUT", "/whip/r", [SDP], OFFER, 405),
    ("PATCH", "/whip/r/nobody", ["Content-Type: application/trickle-ice-sdpfrag"], b"", (404, 405)),
    ("POST", "/whip/r", [SDP, "Origin: http://evil.example"], OFFER, 403),
    ("POST", "/whip/r", [SDP, "Origin: null"], OFFER, 403),
], ids=lambda value: str(value)[:40])
def test_what_is_no_offer_is_refused_with_a_reason(lasting_server, bystander, method, target, fields, body, expected):
    with Raw(lasting_server) as raw:
        status, answered = raw.request(target, f"Content-Length: {len(body)}", *fields, method=method, body=body)
    expected = expected if isinstance(expected, tuple) else (expected,)
    assert status in expected or (status == 0 and 413 in expected)
    if status == 405:
        assert answered["allow"]
    if status == 403:
        assert "access-control-allow-origin" not in answered


def test_players_and_publishers_who_never_connect_leave_nothing_behind(lasting_server, chromium, endpoint):
    """The offer is real, the connection is not: after the time to connect, the participant is gone."""
    guest = Guest(lasting_server).join("never", "Watcher")
    page = endpoint(chromium).page
    offer = page.evaluate(
        """async () => { const pc = new RTCPeerConnection(); pc.addTransceiver('audio', { direction: 'sendonly' })
                          const { sdp } = await pc.createOffer(); pc.close(); return sdp }""").encode()
    with Raw(lasting_server) as raw:
        status, fields = raw.request("/whip/never", SDP, f"Content-Length: {len(offer)}", method="POST", body=offer)
    assert status == 201
    guest.wait("participant-joined")
    guest.wait("participant-left", timeout=90)
    with Raw(lasting_server) as raw:
        assert raw.request(fields["location"], method="DELETE")[0] == 404
    guest.close()

"""A data channel to the server: the page /datachannel, POST /sdp, and rooms joined by POST /webrtc/…"""

import json
import re
import time

import pytest

from support.participant import MEDIA
from support.raw import Raw
from support.server import ARTEFACTS
from support.stalls import stalls
from test_accessibility import AXE, TAGS

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

# A peer connection of a page that is not the client.
TOOLS = """
  window.connect = async (channels) => {
    const pc = window.pc = new RTCPeerConnection()
    window.heard = {}
    window.channels = channels.map(({ label, ...options }) => {
      const channel = pc.createDataChannel(label, options)
      channel.binaryType = 'arraybuffer'
      window.heard[label] = []
      channel.onmessage = ({ data }) => window.heard[label].push(
        typeof data === 'string' ? data : [...new Uint8Array(data.slice(0, 4)), data.byteLength])
      return channel
    })
    await pc.setLocalDescription()
    const answer = await fetch('/sdp', {
      method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp })
    const sdp = await answer.text()
    await pc.setRemoteDescription({ type: 'answer', sdp })
    return { status: answer.status, type: answer.headers.get('content-type'), sdp }
  }
"""


class Page:
    def __init__(self, browser, server, **options):
        self.server = server
        self.context = browser.new_context(**options)
        self.problems = []
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)

    def find(self, name):
        return self.page.get_by_test_id(name)

    def wait(self, condition, timeout=40):
        for _ in range(timeout * 20):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"waited for {condition}")

    def entries(self, author):
        return self.page.locator(f"[data-testid=data-entry][data-author={author}] .data-text").all_inner_texts()


@pytest.fixture
def visit(server):
    made = []

    def make(browser, path="/datachannel", **options):
        page = Page(browser, server, **options)
        made.append(page)
        page.page.goto(server.url + path)
        return page

    yield make
    for page in made:
        page.context.close()


def test_the_page_shows_the_time_and_echoes_what_is_sent(visit, browser):
    page = visit(browser)
    page.page.get_by_role("button", name="Start Connection").wait_for()
    page.wait("window.jumpa")
    assert page.find("data-state").inner_text() == "Not connected"
    assert page.find("data-send").is_disabled()
    # By keyboard alone.
    page.find("start-connection").focus()
    page.page.keyboard.press("Enter")
    page.page.get_by_text("Connected", exact=True).wait_for(timeout=40_000)
    page.wait("document.querySelectorAll('[data-author=server] .data-text').length >= 3")
    times = page.entries("server")
    assert all(TIME.match(text) for text in times), times
    assert page.page.evaluate("document.activeElement.dataset.testid") == "data-input"
    page.page.keyboard.type("Halo, peladen! 🌴 <b>")
    page.page.keyboard.press("Enter")
    page.wait("[...document.querySelectorAll('[data-author=server] .data-text')].some(one => one.textContent === 'Halo, peladen! 🌴 <b>')")
    assert page.entries("own") == ["Halo, peladen! 🌴 <b>"]
    assert page.find("data-input").input_value() == ""
    page.page.get_by_role("button", name="Stop Connection").click()
    page.page.get_by_text("Connection closed", exact=True).wait_for()
    count = len(page.entries("server"))
    page.page.wait_for_timeout(1500)
    assert len(page.entries("server")) == count
    page.page.get_by_role("button", name="Start Connection").click()
    page.page.get_by_text("Connected", exact=True).wait_for(timeout=40_000)
    page.wait(f"document.querySelectorAll('[data-author=server] .data-text').length > {count}")
    assert page.problems == []
    assert page.page.evaluate("[...window.jumpa.missingKeys]") == []
    # Last, since Firefox complains of the style that this puts into the page.
    ARTEFACTS.mkdir(exist_ok=True)
    page.page.screenshot(path=ARTEFACTS / f"datachannel-{browser.browser_type.name}.png")


def test_the_page_speaks_indonesian_and_says_when_there_is_no_connection(visit, browser):
    page = visit(browser, locale="id-ID")
    page.wait("document.documentElement.lang === 'id'")
    page.page.route("**/sdp", lambda route: route.fulfill(status=503, body="503"))
    page.page.get_by_role("button", name="Mulai sambungan").click()
    page.page.get_by_text("Tidak ada sambungan").wait_for()
    page.page.get_by_test_id("language").select_option("en")
    assert page.find("data-state").inner_text() == "No connection"
    assert page.page.evaluate("[...window.jumpa.missingKeys]") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page(visit, chromium, theme):
    page = visit(chromium, bypass_csp=True, color_scheme=theme, viewport={"width": 390, "height": 780})
    page.find("start-connection").click()
    page.wait("document.querySelectorAll('[data-testid=data-entry]').length > 1")
    found = page.page.evaluate(
        f"""async tags => {{
          {AXE.read_text()}
          return (await window.axe.run(document, {{ runOnly: tags, resultTypes: ['violations'] }})).violations
        }}""", TAGS)
    assert found == [], json.dumps(found, indent=1)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_kind_of_channel_hears_the_time_and_its_own_words(visit, browser):
    page = visit(browser, "/livez")
    page.page.evaluate(f"() => {{ {TOOLS} }}")
    kinds = [
        {"label": "plain"}, {"label": "unordered", "ordered": False},
        {"label": "impatient", "ordered": False, "maxRetransmits": 0},
        {"label": "timed", "maxPacketLifeTime": 500}, {"label": "", "protocol": "p"},
        {"label": "x" * 65_535},
    ]
    answer = page.page.evaluate("kinds => window.connect(kinds)", kinds)
    assert answer["status"] == 200 and answer["type"] == "application/sdp"
    assert "a=candidate:" in answer["sdp"] and "a=end-of-candidates" in answer["sdp"]
    page.wait("window.channels.every(one => one.readyState === 'open')")
    # What must not wait long may be lost, and is said again.
    page.page.evaluate("""() => {
      const texts = ['text', JSON.stringify([1, 2, 3, 3]), '', JSON.stringify([0])]
      window.say = channel => {
        channel.send('text'); channel.send(new Uint8Array([1, 2, 3])); channel.send(''); channel.send(new Uint8Array(0))
      }
      window.missing = () => window.channels.filter(({ label }) => {
        const echoed = window.heard[label].map(one => typeof one === 'string' ? one : JSON.stringify(one))
        return !texts.every(text => echoed.includes(text))
      })
      window.channels.forEach(window.say)
      window.channels[0].send(new Uint8Array(262144).fill(7))
      setInterval(() => window.missing().filter(
        ({ maxRetransmits, maxPacketLifeTime }) => maxRetransmits !== null || maxPacketLifeTime !== null).forEach(window.say), 2000)
    }""")
    page.wait("window.heard.plain.some(one => one[4] === 262144)", 40)
    page.wait("Object.values(window.heard).every(one => one.filter(text => /^\\d{4}-/.test(text)).length >= 3)", 40)
    page.wait("window.missing().length === 0", 40)
    for label, heard in page.page.evaluate("window.heard").items():
        strange = [one for one in heard if not (isinstance(one, str) and TIME.match(one))
                   and one not in ("text", [1, 2, 3, 3], "", [0]) and one[-1] != 262144]
        assert strange == [], (label[:20], strange)
    # What the page closes is closed; what it opens later is served too.
    page.page.evaluate("""() => new Promise(resolve => {
      window.channels[1].onclose = resolve; window.channels[1].close() })""")
    page.page.evaluate("""() => new Promise(resolve => {
      const late = window.pc.createDataChannel('late')
      late.onmessage = ({ data }) => resolve(data) })""")


@pytest.mark.parametrize("path, kind, body, status", [
    ("/sdp", None, b"v=0", 415), ("/sdp", "text/plain", b"v=0", 415), ("/sdp", "application/sdp", b"", 400),
    ("/sdp", "application/sdp", b"\xff", 400), ("/sdp", "application/sdp", b"hello", 400),
    ("/sdp", "application/sdp", b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", 400),
    ("/sdp", "application/sdp", b"v" * 300_000, 413),
    ("/webrtc/offer", None, b"{}", 415), ("/webrtc/offer", "application/sdp", b"v=0", 415),
    ("/webrtc/offer", "application/json", b"{", 400),
    ("/webrtc/offer", "application/json", b'{"roomId":"tea","sdp":"hello"}', 400),
    ("/webrtc/offer", "application/json", b"[" * 300_000, 413),
    ("/webrtc/answer", "application/json", b'{"roomId":"tea","userId":"nobody","sdp":"v=0"}', 404),
    ("/webrtc/ice-candidate", "application/json", b'{"roomId":"tea","userId":"nobody","candidate":"x"}', 404),
])
def test_what_is_wrong_is_said_with_its_status(lasting_server, lasting_bystander, path, kind, body, status):
    fields = [f"Content-Length: {len(body)}"] + ([f"Content-Type: {kind}"] if kind else [])
    raw = Raw(lasting_server)
    code, answer = raw.request(path, *fields, method="POST", body=body)
    assert code == status
    reason = raw.stream.read(int(answer["content-length"]))
    assert len(reason) > 5
    if path.startswith("/webrtc") and status != 413:
        assert json.loads(reason)["payload"]["message"]
    assert lasting_bystander.round_trip() < 2


JOIN = """async ({ room, user }) => {
  const post = (where, body) => fetch(`/webrtc/${where}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: where, userId: user, roomId: room, ...body }) })
  const pc = window.pc = new RTCPeerConnection()
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true })
  for (const track of stream.getTracks()) pc.addTransceiver(track, { direction: 'sendrecv', streams: [stream] })
  const early = []
  let isJoined = false
  const statuses = []
  const trickle = async candidate => statuses.push((await post('ice-candidate', { candidate })).status)
  pc.onicecandidate = ({ candidate }) => isJoined ? trickle(candidate) : early.push(candidate)
  await pc.setLocalDescription()
  const response = await post('offer', { sdp: pc.localDescription.sdp })
  const answer = await response.json()
  isJoined = true
  await pc.setRemoteDescription(answer)
  for (const candidate of early) await trickle(candidate)
  const stray = await post('answer', { sdp: answer.sdp })
  return { status: response.status, answer, statuses, stray: stray.status }
}"""


def test_a_user_joins_a_room_over_plain_http(request, server, people, chromium, browser):
    ana = people(chromium, "Ana", hue=200, tone=1000).join("plain")
    context = browser.new_context()
    context.add_init_script(f"window.__probe = {{ hue: 120, tone: 700 }};\n{MEDIA}")
    page = context.new_page()
    page.goto(f"{server.url}/livez")
    joined = page.evaluate(JOIN, {"room": "plain", "user": "u-1"})
    assert joined["status"] == 200 and joined["answer"]["type"] == "answer"
    assert joined["answer"]["userId"] == "u-1" and joined["answer"]["roomId"] == "plain"
    assert joined["stray"] == 409
    assert set(joined["statuses"]) <= {200}
    ana.wait("window.jumpa.store.state.participants.some(({ id }) => id === 'u-1')")
    # Media goes both ways: the browser hears and sees Ana, and Ana's slots show the user.
    ana.wait("document.querySelector('video-tile[data-participant=\"u-1\"]') !== null")
    deadline = time.monotonic() + 40
    while True:
        frames = page.evaluate("""async () => [...(await window.pc.getStats()).values()]
          .filter(one => one.type === 'inbound-rtp' && one.kind === 'video').reduce((sum, one) => sum + (one.framesDecoded ?? 0), 0)""")
        if frames > 10:
            break
        assert time.monotonic() < deadline, "no picture"
        page.wait_for_timeout(100)
    # A page that is simply gone is missed within 30 s, one that closes its connection at once.
    begun = time.monotonic()
    context.close()
    ana.wait("!window.jumpa.store.state.participants.some(({ id }) => id === 'u-1')", 60)
    assert stalls.since(begun) < 32

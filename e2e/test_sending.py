"""What the page sends: layers by what the server wants, whatever else happens at the same time."""

import pytest

from support.participant import WIRE, only_hears

CAMERA = "window.jumpa.pc.getTransceivers()[1].sender"
ACTIVE = f"{CAMERA}.getParameters().encodings.map(({{ active }}) => active !== false).join()"
# A camera large enough for three sizes in either browser.
LARGE = {"camera": {"width": 1280, "height": 720, "rate": 10}}


@pytest.fixture
def page(people, chromium):
    """A page of the server, for modules that need no meeting."""
    ana = people(chromium, "Ana")
    ana.page.goto(ana.server.url)
    return ana.page


@pytest.mark.parametrize("codec, demand, ease, active, scales, first_mode", [
    ("vp8", None, 0, [True, True, True], [4, 2, 1], "L1T3"),
    ("vp8", {"q": True, "h": True, "f": False}, 0, [True, True, False], [4, 2, 1], "L1T3"),
    ("vp8", {"q": False, "h": False, "f": True}, 0, [False, False, True], [4, 2, 1], "L1T3"),
    ("h264", {"q": False, "h": False, "f": False}, 0, [False, False, False], [4, 2, 1], "L1T3"),
    # A slow computer sends smaller pictures, and never none where one is wanted.
    ("vp8", None, 1, [True, True, True], [4, 2, 1.5], "L1T3"),
    ("vp8", None, 2, [True, True, False], [4, 2, 1], "L1T3"),
    ("vp8", {"q": False, "h": False, "f": True}, 3, [True, False, False], [4, 2, 1], "L1T3"),
    # In one stream, which Chromium makes only of the first encoding.
    ("vp9", None, 0, [True, False, False], [1, 2, 1], "L3T3_KEY"),
    ("vp9", {"q": True, "h": True, "f": False}, 0, [True, False, False], [2, 2, 1], "L2T3_KEY"),
    ("vp9", None, 1, [True, False, False], [1.5, 2, 1], "L3T3_KEY"),
    ("av1", None, 3, [True, False, False], [4, 2, 1], "L1T3"),
    ("av1", {"q": False, "h": False, "f": False}, 0, [False, False, False], [4, 2, 1], "L1T3"),
])
def test_what_is_wanted_and_affordable_decides_the_encodings(page, codec, demand, ease, active, scales, first_mode):
    made = page.evaluate(
        """async ([codec, layers, ease]) => {
          const { cameraEncodings, sendsLayersInOne } = await import('/encodings.js')
          return cameraEncodings({
            isLayered: sendsLayersInOne(codec, 'L1T3'), demand: { active: true, layers }, ease, temporalMode: 'L1T3', sizes: 3,
          })
        }""", [codec, demand, ease])
    assert [one["active"] for one in made] == active
    assert [one["scaleResolutionDownBy"] for one in made] == scales
    assert made[0]["scalabilityMode"] == first_mode


def test_a_browser_without_layers_in_time_gets_no_modes_and_sends_vp9_once(page):
    made = page.evaluate(
        """async () => {
          const { cameraEncodings, sendsLayersInOne, everything } = await import('/encodings.js')
          const make = codec => cameraEncodings({
            isLayered: sendsLayersInOne(codec, null), demand: everything, ease: 0, temporalMode: null, sizes: 3 })
          return { vp8: make('vp8'), av1: make('av1'), vp9: make('vp9') }
        }""")
    assert all(one["scalabilityMode"] is None for all in made.values() for one in all)
    assert {codec: [one["active"] for one in all] for codec, all in made.items()} == {
        "vp8": [True] * 3, "av1": [True] * 3, "vp9": [True, False, False]}


@pytest.mark.parametrize("width, height, ease, active, scales", [
    (1280, 720, 0, [True, True, True], [4, 2, 1]),
    (960, 540, 0, [True, True, True], [4, 2, 1]),
    (640, 480, 0, [True, True, False], [2, 1, 1]),
    (640, 360, 1, [True, True, False], [2, 1.5, 1.5]),
    (640, 360, 2, [True, False, False], [2, 1, 1]),
    (320, 240, 0, [True, False, False], [1, 1, 1]),
    (320, 240, 3, [True, False, False], [1, 1, 1]),
    (0, 0, 0, [True, True, True], [4, 2, 1]),
])
def test_a_small_camera_is_sent_whole_in_fewer_sizes(page, width, height, ease, active, scales):
    made = page.evaluate(
        """async ([pixels, ease]) => {
          const { cameraEncodings, sizesFor, everything } = await import('/encodings.js')
          return cameraEncodings({ isLayered: false, demand: everything, ease, temporalMode: 'L1T3', sizes: sizesFor(pixels) })
        }""", [width * height, ease])
    assert [one["active"] for one in made] == active
    assert [one["scaleResolutionDownBy"] for one in made] == scales


def test_the_codec_is_the_first_of_the_answer(page):
    answer = ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
              "m=video 9 UDP/TLS/RTP/SAVPF 98 96\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:98 VP9/90000\r\n"
              "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:10\r\na=rtpmap:96 H265/90000\r\n")
    chosen = page.evaluate(
        "async sdp => { const { chosenCodec } = await import('/encodings.js'); return ['0', '1', '10', '2'].map(mid => chosenCodec(sdp, mid)) }",
        answer)
    assert chosen == [None, "vp9", None, None]


def test_repetition_of_lost_sound_is_asked_for_where_it_can_be_done(page):
    offers = page.evaluate(
        """async () => {
          const { withSoundRepair } = await import('/offer.js')
          const pc = new RTCPeerConnection()
          pc.addTransceiver('audio'), pc.addTransceiver('video')
          const { sdp } = await pc.createOffer(), repaired = withSoundRepair(sdp)
          await pc.setLocalDescription({ type: 'offer', sdp: repaired })
          return { sdp, repaired, again: withSoundRepair(repaired), bare: withSoundRepair(sdp.replace(/a=rtcp-fb.*\\r\\n/g, '')) }
        }""")
    added = [line for line in offers["repaired"].splitlines() if line not in offers["sdp"].splitlines()]
    assert added == ["a=rtcp-fb:111 nack"]
    assert offers["again"] == offers["repaired"]
    assert "nack" not in offers["bare"]


DAY = 86_400_000


@pytest.mark.parametrize("connection, last, expected", [
    (None, None, None),
    ({"downlink": 10}, None, {"down": 10_000_000}),
    ({"downlink": 1.4, "effectiveType": "4g"}, None, None),
    ({"downlink": 0.05, "effectiveType": "slow-2g"}, None, {"up": 300_000, "down": 300_000}),
    (None, {"up": 1_800_000, "down": 5_000_000, "at": 0}, {"up": 1_800_000, "down": 5_000_000}),
    ({"downlink": 10}, {"up": 900_000_000, "down": 1, "at": 0}, {"up": 10_000_000, "down": 300_000}),
    # Another network, or too long ago: what was measured says nothing.
    ({"type": "cellular"}, {"up": 4_000_000, "down": 4_000_000, "at": 0, "type": "wifi"}, None),
    (None, {"up": 4_000_000, "down": 4_000_000, "at": -8 * DAY}, None),
    ({"effectiveType": "3g", "downlink": 1.5}, {"up": 4_000_000, "down": 4_000_000, "at": 0}, {"up": 700_000, "down": 700_000}),
])
def test_what_the_network_will_carry_is_guessed_from_what_is_known(page, connection, last, expected):
    hint = page.evaluate(
        "async ([connection, last]) => (await import('/bandwidth.js')).expectedBandwidth(connection ?? undefined, last ?? undefined, 1000) ?? null",
        [connection, last])
    assert hint == expected


def test_what_the_last_call_measured_is_told_at_the_next_join(people, chromium, browser):
    ana = people(browser, "Ana", before=WIRE)
    ana.page.goto(ana.server.url)
    ana.page.evaluate(
        """async () => {
          const { BandwidthMemory } = await import('/bandwidth.js')
          const memory = new BandwidthMemory()
          memory.note({ up: 3200000, down: 600000 }, { up: false, down: true })
          memory.keep()
        }""")
    ana.page.goto(f"{ana.server.url}/room/hint?codec=AV1")
    ana.find("name").fill("Ana")
    ana.find("join").click()
    ana.wait("window.wire.last('join')")
    assert ana.said("join")["bandwidth"] == {"up": 3_200_000, "down": 600_000}
    assert ana.said("join")["codec"] == "av1"
    offer = ana.said("join")["sdp"]
    assert [line for line in offer.splitlines() if line.startswith("a=rid:")] == [f"a=rid:{rid} send" for rid in "qhf"]
    first = next(line for line in offer.splitlines() if line.startswith("m=video")).split()[3]
    assert f"a=rtpmap:{first} AV1/90000" in offer


def test_three_layers_are_sent_and_in_time_where_the_browser_can(people, browser):
    ana = people(browser, "Ana", before=only_hears("layers"), probe=LARGE).join("layers")
    ana.wait(f"{ACTIVE} === 'true,true,true'")
    mode = "L1T3" if browser.browser_type.name == "chromium" else "none"
    ana.wait(f"{CAMERA}.getParameters().encodings.every(({{ scalabilityMode }}) => (scalabilityMode ?? 'none') === '{mode}')")


@pytest.mark.parametrize("width, height", [(640, 360), (640, 480)])
def test_a_small_camera_arrives_as_large_as_it_is(people, browser, chromium, width, height):
    ana = people(browser, "Ana", probe={"camera": {"width": width, "height": height, "rate": 10}}).join("small")
    budi = people(chromium, "Budi").join("small")
    budi.wait(f"window.probe.picture('{ana.id}')?.height === {height}", timeout=40)


@pytest.mark.parametrize("codec", ["vp9", "av1"])
def test_all_sizes_go_in_one_stream_where_the_codec_has_them(people, chromium, codec):
    """Between two connections of one page, whose answer is made to take three layers."""
    ana = people(chromium, "Ana", probe=LARGE)
    ana.page.goto(ana.server.url)
    ana.page.evaluate(
        """async codec => {
          const { Sending } = await import('/sending.js')
          const one = new RTCPeerConnection(), two = new RTCPeerConnection()
          one.onicecandidate = ({ candidate }) => candidate && two.addIceCandidate(candidate)
          two.onicecandidate = ({ candidate }) => candidate && one.addIceCandidate(candidate)
          const [track] = (await navigator.mediaDevices.getUserMedia({ video: true })).getVideoTracks()
          window.sending = Sending.add(one, 'camera', null, codec)
          await window.sending.setTrack(track)
          await one.setLocalDescription()
          const sdp = one.localDescription.sdp.replace(/a=(rid|simulcast).*\\r\\n/g, '')
          await two.setRemoteDescription({ type: 'offer', sdp })
          await two.setLocalDescription()
          const rids = ['q', 'h', 'f'].map(rid => `a=rid:${rid} recv\\r\\n`).join('')
          const answer = `${two.localDescription.sdp}${rids}a=simulcast:recv q;h;f\\r\\n`
          await one.setRemoteDescription({ type: 'answer', sdp: answer })
          await window.sending.negotiated(answer)
          setInterval(async () => {
            const sent = [...(await one.getStats()).values()].filter(({ type }) => type === 'outbound-rtp')
            window.sent = sent.filter(({ active }) => active).map(one => `${one.frameWidth} ${one.scalabilityMode}`).join()
          }, 100)
        }""", codec)
    assert ana.page.evaluate("window.sending.codec") == codec
    ana.wait("window.sent === '1280 L3T3_KEY'", timeout=60)
    ana.page.evaluate("() => window.sending.want({ active: true, layers: { q: true, h: true, f: false } })")
    ana.wait("window.sent === '640 L2T3_KEY'", timeout=60)
    ana.page.evaluate("() => window.sending.want({ active: false, layers: null })")
    ana.wait("window.sent === ''")


SENT = """window.jumpa.store.state.statistics?.sent.filter(({ source }) => source === 'camera')"""


def test_layers_that_nobody_wants_rest_at_once_and_come_back(people, browser):
    ana = people(browser, "Ana", before=only_hears("layers"), probe=LARGE).join("rest")
    # How many layers the estimate has room for is not the matter here.
    ana.wait(f"{SENT}.filter(({{ frameRate }}) => frameRate > 0).length >= 1")
    ana.hear("layers", {"source": "camera", "active": True, "layers": {"q": True, "h": True, "f": False}})
    ana.wait(f"{ACTIVE} === 'true,true,false'")
    ana.wait(f"{SENT}.find(({{ rid }}) => rid === 'f').frameRate === 0 && {SENT}.find(({{ rid }}) => rid === 'q').frameRate > 0")
    ana.hear("layers", {"source": "camera", "active": False})
    ana.wait(f"{ACTIVE} === 'false,false,false'")
    ana.wait(f"{SENT}.every(({{ frameRate }}) => frameRate === 0)")
    # From the message to the first frame that is encoded again.
    took = ana.page.evaluate(
        """async () => {
          const sender = window.jumpa.pc.getTransceivers()[1].sender
          const frames = async () => [...(await sender.getStats()).values()].filter(({ type }) => type === 'outbound-rtp')
            .reduce((sum, { framesEncoded }) => sum + framesEncoded, 0)
          const before = await frames(), begun = performance.now()
          window.wire.hear('layers', { source: 'camera', active: true, layers: { q: true, h: true, f: true } })
          while (await frames() === before) {
            if (performance.now() - begun > 30_000) return null
            await new Promise(resolve => setTimeout(resolve, 5))
          }
          return performance.now() - begun
        }""")
    print(f"the first frame after {took} ms")
    assert took is not None
    ana.wait(f"{ACTIVE} === 'true,true,true'")


def test_the_last_word_counts_whatever_happens_at_the_same_time(people, browser):
    """Messages, another camera, muting and new offers all at once."""
    ana = people(browser, "Ana", before=only_hears("layers"), probe=LARGE).join("race")
    warnings = []
    ana.page.on("console", lambda message: message.type == "warning" and warnings.append(message.text))
    ana.page.evaluate(
        """async () => {
          const { meeting, media } = window.jumpa, all = []
          const layers = (q, h, f, active = true) => window.wire.hear('layers', { source: 'camera', active, layers: { q, h, f } })
          for (let round = 0; round < 6; round += 1) {
            layers(true, false, false)
            all.push(media.select('camera', undefined))
            layers(true, true, true)
            all.push(meeting.call.renegotiate({ restartIce: round % 2 === 0 }))
            layers(false, false, false, false)
            await new Promise(resolve => setTimeout(resolve, round * 7))
            layers(true, true, round % 2 === 0)
          }
          await Promise.all(all)
          layers(true, false, true)
        }""")
    ana.wait(f"{ACTIVE} === 'true,false,true'")
    # A camera that was off in between is sent as the server last wanted it.
    ana.find("toggle-camera").click()
    ana.wait("window.jumpa.media.tracks.camera === null")
    ana.hear("layers", {"source": "camera", "active": True, "layers": {"q": True, "h": True, "f": False}})
    ana.find("toggle-camera").click()
    ana.wait("window.jumpa.media.tracks.camera !== null")
    ana.wait(f"{ACTIVE} === 'true,true,false'")
    assert not [text for text in warnings if "sent as before" in text or "no track" in text]


def test_a_screen_is_sent_to_be_read(people, browser):
    ana = people(browser, "Ana", before=only_hears("layers")).join("read")
    ana.find("toggle-screen").click()
    ana.wait("window.jumpa.meeting.call.sentMids.size === 3 && ![...window.jumpa.meeting.call.sentMids.keys()].includes(null)")
    screen = "window.jumpa.pc.getSenders().find(({ track }) => track && track === window.jumpa.media.screen.screen)"
    ana.wait(f"{screen}.track.contentHint === 'detail'")
    ana.wait(f"{screen}.getParameters().encodings[0].maxBitrate >= 2500000")
    if browser.browser_type.name == "chromium":
        ana.wait(f"{screen}.getParameters().degradationPreference === 'maintain-resolution'")
    ana.hear("layers", {"source": "screen", "active": False})
    ana.wait(f"{screen}.getParameters().encodings[0].active === false")
    ana.hear("layers", {"source": "screen", "active": True})
    ana.wait(f"{screen}.getParameters().encodings[0].active === true")

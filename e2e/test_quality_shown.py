"""How the page shows whose connection is weak, what is held back for it, and the figures behind it."""

import re

import pytest

from support.guest import Guest
from support.participant import WIRE, only_hears
from test_accessibility import assert_all_reached, axe_source, violations  # noqa: F401

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
LANGUAGES = {"en": "en-US", "id": "id-ID"}
# Each language in a theme of its own: panels have both.
THEMES = {code: f"if (origin !== 'null') localStorage.setItem('jumpa.theme', JSON.stringify('{theme}'));"
          for code, theme in (("en", "light"), ("id", "dark"))}

OWN_UPLOAD = {
    "en": "Your upload is weak: voice kept, video lowered",
    "id": "Unggahan Anda lemah: suara dipertahankan, video diturunkan",
}
OTHER = {"en": "Budi’s connection is weak", "id": "Koneksi Budi lemah"}
PAUSED = {"en": "Picture paused so that the sound holds", "id": "Gambar dijeda agar suara tetap lancar"}


def link(score, reason=None, **details):
    return {"score": score, **({"reason": reason} if reason else {}), **({"details": details} if details else {})}


def quality(*entries):
    return {"participants": [{"userId": id, "up": up, "down": down} for id, up, down in entries]}


def tile(person):
    return f"document.querySelector('video-tile[data-participant=\"{person.id}\"][data-source=camera]')"


@pytest.fixture
def budi(server):
    guest = Guest(server).join("quality", "Budi")
    guest.send("update", {"media": {"camera": True, "microphone": True}})
    yield guest
    guest.close()


@pytest.fixture
def pure(people, chromium):
    ana = people(chromium, "Ana")
    ana.page.goto(ana.server.url)
    return ana.page


@pytest.mark.parametrize("scores, told", [
    # Two seconds of weakness are told, and untold when it has been well over for a while.
    ([2] * 4, [False, False, True, True]),
    ([2, 3, 2, 3, 2], [False] * 5),
    ([2, 2, 2] + [3] * 8, [False, False] + [True] * 7 + [False] * 2),
    ([2, 2, 2] + [5] * 4, [False, False, True, True, True, False, False]),
    ([2, 2, 2] + [3, 2] * 6, [False, False] + [True] * 13),
    ([None] * 3, [False] * 3),
])
def test_a_weak_side_is_told_without_flapping(pure, scores, told):
    seen = pure.evaluate(
        """async scores => {
          const { followed, untold } = await import('/quality.js')
          let sides = untold()
          return scores.map((score, second) => {
            sides = followed(sides, score === null ? undefined : { up: { score }, down: { score: 5 } }, second * 1000)
            return sides.up.isWeak && !sides.down.isWeak
          })
        }""", scores)
    assert seen == told


def test_what_the_server_says_is_merged_and_checked(pure):
    known = pure.evaluate(
        """async () => {
          const { taken, scoreOf } = await import('/quality.js')
          let known = taken({}, [{ userId: 'a', up: { score: 4 }, down: { score: 2, reason: 'loss' } }, { userId: 'b', up: { score: 9 } }])
          known = taken(known, [{ userId: 'b', up: { score: -3 }, down: { score: 'high' } }, { up: { score: 1 } }])
          known = taken(known, undefined)
          return [Object.keys(known), scoreOf(known.a), scoreOf(known.b), scoreOf(known.c)]
        }""")
    assert known == [["a", "b"], 2, 0, None]


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_bars_and_a_sentence_say_whose_side_is_weak(people, budi, browser, code, viewport, axe_source):  # noqa: F811
    ana = people(browser, "Ana", before=only_hears("quality") + THEMES[code], viewport=viewport, locale=LANGUAGES[code], bypass_csp=True).join("quality")
    ana.wait("document.querySelectorAll('video-tile').length === 2")
    ana.hear("quality", quality((ana.id, link(5), link(5)), (budi.id, link(4), link(5))))
    ana.wait(f"{tile(budi)}.querySelector('.bars').dataset.bars === '3'")
    ana.wait(f"{tile(ana)}.querySelector('.bars').dataset.bars === '4'")
    assert ana.page.evaluate(f"{tile(budi)}.querySelector('.tile-note').hidden")
    ana.hear("quality", quality((ana.id, link(2, "bandwidth"), link(5)), (budi.id, link(5), link(1, "loss"))))
    ana.wait(f"{tile(budi)}.querySelector('.tile-note').textContent === {OTHER[code]!r}")
    assert ana.page.evaluate(f"{tile(budi)}.querySelector('.bars').getAttribute('aria-label')") == {
        "en": "Connection: bad", "id": "Koneksi: buruk"}[code]
    ana.wait("document.querySelector('[data-notice=quality]')")
    assert OWN_UPLOAD[code] in ana.page.locator("[data-notice=quality]").inner_text()
    # A notice that tells of a lasting state is announced politely and stays.
    assert ana.page.locator("[data-notice=quality]").evaluate("notice => notice.closest('[aria-live=polite]') !== null")
    device = "phone" if viewport == PHONE else "desk"
    ana.screenshot(f"quality-weak-{device}-{code}-{browser.browser_type.name}")
    ana.page.evaluate("() => window.jumpa.meeting.openPanel('people')")
    row = f"document.querySelector('[data-testid=person][data-participant=\"{budi.id}\"]')"
    ana.wait(f"{row}.querySelector('.person-quality').textContent === {OTHER[code]!r}")
    assert violations(ana, axe_source) == ""
    ana.screenshot(f"quality-people-{device}-{code}-{browser.browser_type.name}")
    ana.page.evaluate("() => window.jumpa.meeting.openPanel('people')")
    ana.hear("quality", quality((ana.id, link(5), link(5)), (budi.id, link(5), link(5))))
    ana.wait("document.querySelector('[data-notice=quality]') === null")
    assert ana.page.evaluate(f"{tile(budi)}.querySelector('.tile-note').hidden")


@pytest.mark.parametrize("up, down, camera, sentence", [
    (link(1, "loss"), link(5), True, "Your upload is weak: voice kept, video lowered"),
    (link(1, "loss"), link(5), False, "Your upload is weak: others may hear gaps"),
    (link(5), link(2, "bandwidth"), True, "Your download is weak: voice kept, pictures lowered"),
    (link(2, "delay"), link(1, "lost"), True, "Your connection is weak: voice kept, video lowered"),
])
def test_the_sentence_is_about_the_right_side(people, chromium, up, down, camera, sentence):
    ana = people(chromium, "Ana", before=only_hears("quality")).join("side", button="join" if camera else "join-listen")
    ana.wait(f"Boolean(window.jumpa.media.tracks.camera) === {str(camera).lower()}")
    ana.hear("quality", quality((ana.id, up, down)))
    ana.wait(f"document.querySelector('[data-notice=quality]')?.textContent.includes({sentence!r})")


def test_a_camera_that_is_allowed_after_joining_counts_as_one(people, browser):
    ana = people(browser, "Ana", before=only_hears("quality") + """
      const devices = navigator.mediaDevices ?? {}, real = devices.getUserMedia
      devices.getUserMedia = async wanted => {
        await new Promise(resolve => { window.grant = resolve })
        return real(wanted)
      }""").join("allowed")
    ana.wait("window.grant")
    ana.page.evaluate("grant()")
    ana.wait("window.jumpa.media.tracks.camera !== null")
    ana.hear("quality", quality((ana.id, link(1, "loss"), link(5))))
    ana.wait("document.querySelector('[data-notice=quality]')?.textContent.includes('voice kept, video lowered')")


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_what_is_held_back_says_so_instead_of_standing_still(people, chromium, browser, code, viewport, axe_source):  # noqa: F811
    citra = people(chromium, "Citra").join("held")
    ana = people(browser, "Ana", before=only_hears("quality") + THEMES[code], viewport=viewport, locale=LANGUAGES[code], bypass_csp=True).join("held")
    ana.wait_for_picture(citra.id)
    ana.wait(f"{tile(citra)}.dataset.state === 'video'")
    ana.page.evaluate("() => { window.wire.deaf.add('slots') }")
    slots = ana.page.evaluate(
        "() => window.jumpa.store.state.received.map(({ mid, userId, source }) => ({ mid, userId, source }))")
    device = "phone" if viewport == PHONE else "desk"

    def hold(state):
        ana.hear("slots", {"slots": [{**slot, **({"state": state} if state and slot["source"] == "camera" else {})} for slot in slots]})

    hold("snapshot")
    ana.wait(f"{tile(citra)}.dataset.flow === 'snapshot' && !{tile(citra)}.querySelector('.tile-note').hidden")
    assert ana.page.evaluate(f"{tile(citra)}.dataset.state") == "video"
    ana.screenshot(f"tile-snapshot-{device}-{code}-{browser.browser_type.name}")
    hold("paused")
    ana.wait(f"{tile(citra)}.dataset.state === 'paused'")
    note = ana.page.locator(f"video-tile[data-participant='{citra.id}'] .tile-note")
    assert PAUSED[code] in note.inner_text()
    ana.wait(f"getComputedStyle({tile(citra)}.querySelector('video')).opacity === '0'")
    assert violations(ana, axe_source) == ""
    ana.screenshot(f"tile-paused-{device}-{code}-{browser.browser_type.name}")
    hold(None)
    ana.wait(f"{tile(citra)}.dataset.state === 'video'")
    assert note.is_hidden()


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_figures_open_by_key_and_menu_and_are_never_announced(people, chromium, browser, code, viewport, axe_source):  # noqa: F811
    citra = people(chromium, "Citra").join("figures")
    ana = people(browser, "Ana", before=only_hears("quality") + THEMES[code], viewport=viewport, locale=LANGUAGES[code], bypass_csp=True).join("figures")
    ana.wait_for_picture(citra.id)
    assert ana.find("figures").is_hidden()
    ana.page.keyboard.press("i")
    ana.wait("document.activeElement?.id === 'figures-title'")
    assert ana.said("statistics") == {"on": True}
    rows = "[...document.querySelectorAll('[data-testid=figures-row]')]"
    ana.wait(f"{rows}.length >= 6")
    ana.wait(f"{rows}.some(row => row.textContent.includes('Citra') && /\\d+×\\d+ · \\d+\\/s/.test(row.textContent)"
             " && /VP8/i.test(row.textContent) && /bit\\/s/.test(row.textContent) && /ms/.test(row.textContent))")
    picture = ana.page.evaluate("() => window.jumpa.store.state.received.find(({ source }) => source === 'camera').mid")
    ana.hear("quality", quality((ana.id, link(3, "loss", loss=0.08, roundTrip=64, bitrate=1_250_000),
                                 link(5, None, loss=0, roundTrip=64, bitrate=900_000, target=4_200_000,
                                      layers=[{"mid": picture, "rid": "h", "size": 1, "sizes": 1, "rate": 2, "rates": 3}]))))
    ana.wait("document.querySelector('.figures-paths').textContent.includes('64 ms')")
    ana.wait("/4[.,]2 Mbit/.test(document.querySelector('.figures-paths').textContent)")
    half = {"en": "half", "id": "setengah"}[code]
    ana.wait(f"[...document.querySelectorAll('tr[data-key=\"{citra.id}/camera\"] .layer')].some(cell => cell.textContent === '{half} T2/3')")
    # Nothing has to be scrolled sideways, whatever the screen.
    body = ana.page.evaluate("(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.querySelector('.figures-body'))")
    assert body[0] <= body[1], body
    assert ana.page.evaluate("document.querySelector('call-figures').getBoundingClientRect().right <= innerWidth")
    assert ana.page.evaluate("document.querySelector('call-figures').closest('[aria-live]') === null")
    assert ana.page.locator("call-figures [aria-live]").count() == 0
    assert not re.findall(r"⟦|\{\w+\}|undefined|NaN", ana.find("figures").inner_text())
    assert violations(ana, axe_source) == ""
    device = "phone" if viewport == PHONE else "desk"
    ana.screenshot(f"figures-{device}-{code}-{browser.browser_type.name}")
    if viewport == DESK and code == "en":
        ana.page.evaluate("() => window.jumpa.meeting.notices.clear()")
        assert_all_reached(ana, "figures")
        ana.find("close-figures").focus()
    ana.page.keyboard.press("Escape")
    ana.wait("document.querySelector('call-figures').hidden")
    assert ana.said("statistics") == {"on": False}
    ana.wait("document.activeElement?.dataset.testid === 'more'")
    ana.find("more").click()
    ana.find("menu-figures").click()
    ana.wait("!document.querySelector('call-figures').hidden")
    ana.find("close-figures").click()
    ana.wait("document.querySelector('call-figures').hidden")


def test_the_microphone_is_off_when_the_server_has_said_so(people, browser):
    ana = people(browser, "Ana", before=WIRE).join("confirmed")
    button = "document.querySelector('[data-testid=toggle-microphone]')"
    ana.wait(f"{button}.dataset.state === 'on'")
    ana.page.evaluate("() => { window.wire.held.add('update') }")
    ana.find("toggle-microphone").click()
    ana.wait(f"{button}.dataset.state === 'pending' && {button}.getAttribute('aria-busy') === 'true'")
    assert "waiting for the server" in ana.find("toggle-microphone").get_attribute("aria-label")
    # Nothing leaves this computer meanwhile.
    assert ana.page.evaluate("window.jumpa.media.tracks.microphone.enabled") is False
    assert ana.page.evaluate(f"{tile(ana)}.dataset.muted") == "false"
    ana.hear("participant-updated", {"participant": {
        "id": ana.id, "name": "Ana", "media": {"microphone": False, "camera": True, "screen": False}}})
    ana.wait(f"{button}.dataset.state === 'off' && {button}.getAttribute('aria-busy') === 'false'")
    assert ana.page.evaluate(f"{tile(ana)}.dataset.muted") == "true"


def test_a_change_that_came_too_fast_is_told_and_made_good(people, browser):
    ana = people(browser, "Ana", before=WIRE).join("fast")
    button = "document.querySelector('[data-testid=toggle-microphone]')"
    ana.wait(f"{button}.dataset.state === 'on' && window.jumpa.media.tracks.camera !== null")
    ana.page.evaluate("() => { window.wire.held.add('update') }")
    ana.find("toggle-microphone").click()
    ana.wait(f"{button}.dataset.state === 'pending'")
    # Before it is refused, since the page tries again by itself.
    ana.page.evaluate("() => { window.wire.held.clear() }")
    ana.hear("error", {"code": "rate-limited", "message": "slowly", "inReplyTo": "update"})
    ana.wait("document.querySelector('[data-notice=update]')")
    ana.wait(f"{button}.dataset.state === 'off'")
    assert ana.said("update") == {"media": {"microphone": False, "camera": True, "screen": False}}


def test_what_is_granted_after_leaving_is_given_back(people, browser):
    ana = people(browser, "Ana", before="""
      const devices = navigator.mediaDevices ?? {}, real = devices.getUserMedia
      window.granted = []
      window.asked = 0
      devices.getUserMedia = async wanted => {
        window.asked += 1
        await new Promise(resolve => { window.grant = resolve })
        const stream = await real(wanted)
        window.granted.push(...stream.getTracks())
        return stream
      }""").open("late")
    ana.wait("window.asked === 1")
    ana.find("name").fill("Ana")
    ana.find("join-listen").click()
    ana.wait_for_room()
    ana.find("toggle-camera").click()
    ana.wait("window.asked === 2")
    ana.find("leave").click()
    ana.wait("document.querySelector('[data-testid=rejoin]')")
    ana.page.evaluate("grant()")
    ana.wait("window.granted.length === 1 && window.granted.every(({ readyState }) => readyState === 'ended')")
    assert ana.page.evaluate("Object.values(window.jumpa.media.tracks).every(track => track === null)")


BROKEN_SECOND = """
  const devices = navigator.mediaDevices ?? {}, real = devices.getUserMedia
  devices.getUserMedia = async wanted => {
    const id = wanted.video?.deviceId?.exact ?? wanted.video?.deviceId?.ideal
    if (id === 'broken' || window.allBroken && wanted.video) throw new DOMException('taken', 'NotReadableError')
    return real(wanted)
  }
"""


def test_a_camera_that_cannot_be_opened_is_not_shown_as_live(people, browser, chromium):
    budi = people(chromium, "Budi").join("broken")
    ana = people(browser, "Ana", before=BROKEN_SECOND).join("broken")
    budi.wait_for_picture(ana.id)
    ana.page.evaluate("() => window.jumpa.media.select('camera', 'broken')")
    ana.wait("document.querySelector('[data-notice=camera]')")
    assert ana.page.evaluate("window.jumpa.media.tracks.camera.readyState") == "live"
    assert ana.page.evaluate("window.jumpa.media.chosen.camera") is None
    budi.wait(f"{tile(ana)}.dataset.state === 'video'")
    # Where the one before cannot be opened any more either, the camera is off for everybody.
    ana.page.evaluate("() => { window.allBroken = true; return window.jumpa.media.select('camera', 'broken') }")
    ana.wait("window.jumpa.media.tracks.camera === null")
    ana.wait("document.querySelector('[data-testid=toggle-camera]').dataset.state === 'off'")
    budi.wait(f"{tile(ana)}.dataset.state === 'avatar'")

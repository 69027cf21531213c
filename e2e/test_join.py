"""Ways into a meeting: with everything, with nothing, and by keyboard alone."""

import contextlib

import pytest

from support.browsers import launch_chromium, launch_firefox
from support.guest import Guest

BLOCKED_CHROMIUM = ["--deny-permission-prompts"]
BLOCKED_FIREFOX = {
    "permissions.default.camera": 2, "permissions.default.microphone": 2, "media.navigator.permission.disabled": False,
}


@pytest.fixture(scope="module")
def special(playwright):
    """A browser without devices, or with devices that the person forbids; started once."""
    started = {}

    def get(engine, state):
        if (engine, state) not in started:
            if engine == "chromium":
                without = ["--use-fake-ui-for-media-stream"]
                if state == "missing":
                    without.append("--use-fake-device-for-media-stream=device-count=2,fps=20")
                flags = BLOCKED_CHROMIUM if state == "denied" else ["--use-fake-ui-for-media-stream"]
                started[engine, state] = launch_chromium(playwright, *flags, without=without)
            else:
                preferences = BLOCKED_FIREFOX if state == "denied" else {"media.navigator.streams.fake": False}
                started[engine, state] = launch_firefox(playwright, **preferences)
        return started[engine, state]

    yield get
    for browser in started.values():
        with contextlib.suppress(Exception):
            browser.close()


def problems(person):
    return person.page.locator("[data-testid=problems] p").evaluate_all("all => all.map(p => p.dataset.problem)")


LEVEL = "Number(document.querySelector('[data-testid=microphone-meter]').style.getPropertyValue('--level'))"


def test_one_sees_and_hears_oneself_before_joining(people, browser):
    """With the browser's own made-up camera and microphone."""
    ana = people(browser, "Ana", fake=False).open("mirror")
    ana.wait("document.querySelector('[data-testid=preview]')?.videoWidth >= 320")
    ana.wait("document.querySelector('[data-testid=preview]').currentTime > 0.2")
    ana.wait(f"{LEVEL} > 0.1")
    for kind in ("microphone", "camera"):
        # Names are told once the devices may be used, and looked up after that.
        ana.wait(f"window.jumpa.media.devices.{kind}.length > 0 && window.jumpa.media.devices.{kind}.every(({{ label }}) => label)")
        names = ana.page.locator(f"[data-testid=device-{kind}] option").all_inner_texts()
        assert names and all(name.strip() for name in names), f"no {kind} to choose"
    ana.screenshot(f"join-{browser.browser_type.name}")
    assert problems(ana) == []
    ana.find("preview-microphone").click()
    ana.wait(f"{LEVEL} === 0")
    ana.find("preview-microphone").click()
    ana.wait(f"{LEVEL} > 0.1")
    ana.find("preview-camera").click()
    ana.wait("document.querySelector('[data-testid=preview]').srcObject === null")


def test_another_camera_can_be_chosen_and_is_remembered(people, chromium):
    ana = people(chromium, "Ana", fake=False).open("devices")
    ana.wait("document.querySelectorAll('[data-testid=device-camera] option').length >= 2")
    ana.wait("[...document.querySelectorAll('[data-testid=device-camera] option')].some("
             "({ textContent }) => textContent === window.jumpa.media.tracks.camera?.label)")
    first = ana.page.evaluate("window.jumpa.media.tracks.camera.label")
    other = [name for name in ana.page.locator("[data-testid=device-camera] option").all_inner_texts() if name != first][0]
    ana.find("device-camera").select_option(label=other)
    ana.wait(f"window.jumpa.media.tracks.camera?.label === {other!r}")
    ana.wait("document.querySelector('[data-testid=preview]').srcObject?.active")
    ana.open("devices")
    ana.wait(f"window.jumpa.media.tracks.camera?.label === {other!r}")
    # A camera that was chosen once and is gone keeps nobody out.
    ana.page.evaluate("localStorage.setItem('jumpa.camera', JSON.stringify('gone'))")
    ana.open("devices")
    ana.wait("window.jumpa.media.tracks.camera !== null")


@pytest.mark.parametrize("without", ["camera", "microphone", "both"])
def test_what_is_off_before_joining_is_off_in_the_meeting(people, server, browser, without):
    watcher = Guest(server).join("off", "Watcher")
    ana = people(browser, "Ana").open("off")
    kinds = ["camera", "microphone"] if without == "both" else [without]
    ana.wait("window.jumpa.media.tracks.camera && window.jumpa.media.tracks.microphone && !window.jumpa.media.asking")
    for kind in kinds:
        ana.find(f"preview-{kind}").click()
        ana.wait(f"document.querySelector('[data-testid=preview-{kind}]').dataset.state === 'off'")
    ana.find("name").fill("Ana")
    ana.find("join").click()
    ana.wait_for_room()
    media = watcher.wait("participant-joined")["payload"]["participant"]["media"]
    assert media == {"camera": "camera" not in kinds, "microphone": "microphone" not in kinds, "screen": False}
    for kind in kinds:
        ana.find(f"toggle-{kind}").click()
    watcher.wait(lambda message: message["type"] == "participant-updated"
                 and message["payload"]["participant"]["media"] == {"camera": True, "microphone": True, "screen": False})
    watcher.close()


def test_who_only_listens_sees_and_hears_the_others(people, browser, chromium):
    budi = people(chromium, "Budi").join("listen")
    ana = people(browser, "Ana").join("listen", button="join-listen")
    assert ana.page.evaluate("() => Object.values(window.jumpa.media.tracks).every(track => track === null)")
    ana.wait_for_picture(budi.id)
    ana.wait_for_tone(budi.id, budi.tone)
    assert budi.page.locator(f"video-tile[data-participant='{ana.id}']").get_attribute("data-state") == "avatar"
    assert budi.page.locator(f"video-tile[data-participant='{ana.id}']").get_attribute("data-muted") == "true"


@pytest.mark.parametrize("state", ["denied", "missing"])
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_without_devices_one_is_told_what_to_do_and_still_takes_part(people, special, chromium, engine, state):
    budi = people(chromium, "Budi").join("nothing")
    ana = people(special(engine, state), "Ana", fake=False).open("nothing")
    ana.wait(f"document.querySelector('[data-problem={state}]')")
    ana.wait("!window.jumpa.media.asking")
    told = [state, "help"] if state == "denied" else [state]
    ana.wait(f"[...document.querySelectorAll('[data-testid=problems] p')].map(p => p.dataset.problem).join() === '{','.join(told)}'")
    sentences = ana.page.locator("[data-testid=problems] p").all_inner_texts()
    # The silent sound system that lets Firefox play has a monitor, which Firefox takes for a microphone.
    has_microphone = engine == "firefox" and state == "missing"
    assert ("Others will see your initials" if has_microphone else "You can join") in sentences[0], sentences
    if state == "denied":
        assert "To allow it" in sentences[1] and "reload" in sentences[1], sentences
    ana.screenshot(f"join-{state}-{engine}")
    ana.find("name").fill("Ana")
    ana.find("join").click()
    ana.wait_for_room()
    ana.wait_for_picture(budi.id)
    ana.wait_for_tone(budi.id, budi.tone)
    tile = f"document.querySelector('video-tile[data-participant=\"{ana.id}\"]')?.dataset"
    budi.wait(f"{tile}.state === 'avatar' && {tile}.muted === '{'false' if has_microphone else 'true'}'")
    # A click on what does not work says so, and nothing pretends to be on.
    kind = "camera" if has_microphone else "microphone"
    ana.find(f"toggle-{kind}").click()
    ana.wait(f"document.querySelector('[data-notice={kind}]')")
    assert ana.find(f"toggle-{kind}").get_attribute("data-state") == "off"
    ana.find("toggle-chat").click()
    ana.find("chat-input").fill("I am here all the same")
    ana.page.keyboard.press("Enter")
    budi.wait("window.jumpa.store.state.unread === 1")


def test_one_device_that_fails_does_not_take_the_other_along(people, chromium):
    ana = people(chromium, "Ana", before="""
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        if (wanted.video) throw new DOMException("taken", "NotReadableError")
        return real(wanted)
      }""").open("half")
    ana.wait("document.querySelector('[data-problem=busy]')")
    assert "Another program is using the camera" in ana.find("problems").inner_text()
    ana.wait("window.jumpa.media.tracks.microphone !== null")
    ana.join("half")
    ana.wait("document.querySelector('[data-testid=toggle-microphone]').dataset.state === 'on'")
    ana.wait("!window.jumpa.media.asking && window.jumpa.media.errors.camera === 'busy'")
    assert ana.find("toggle-camera").get_attribute("data-state") == "off"


def test_a_page_that_is_not_secure_says_how_to_open_it(people, chromium):
    """Where neither https nor localhost, browsers hide the devices altogether."""
    ana = people(chromium, "Ana", before="Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    ana.open("insecure")
    ana.wait("document.querySelector('[data-problem=insecure]')")
    assert "https://" in ana.find("problems").inner_text()
    ana.join("insecure", button="join-listen")


def test_the_name_is_remembered_and_needed(people, browser):
    ana = people(browser, "Ana").open("name")
    ana.wait("document.querySelector('[data-testid=name]')")
    ana.find("join").click()
    assert ana.page.evaluate("window.jumpa.store.state.phase") == "lobby"
    ana.find("name").fill("   ")
    ana.find("join").click()
    assert ana.page.evaluate("window.jumpa.store.state.phase") == "lobby"
    ana.find("name").fill("Ana Putri 🌺")
    ana.find("join").click()
    ana.wait("window.jumpa.store.state.phase === 'room'")
    ana.open("another")
    ana.wait("document.querySelector('[data-testid=name]')?.value === 'Ana Putri 🌺'")


def test_from_the_start_page_into_a_meeting_by_keyboard_alone(people, browser):
    ana = people(browser, "Ana")
    ana.page.goto(ana.server.url)
    ana.wait("document.querySelector('[data-testid=start]')")

    def tab_to(testid, most=25):
        for _ in range(most):
            ana.page.keyboard.press("Tab")
            if ana.page.evaluate("document.activeElement?.dataset.testid") == testid:
                return
        raise AssertionError(f"Tab does not lead to {testid}")

    tab_to("start")
    room = ana.page.evaluate("document.querySelector('[data-testid=new-room]').value")
    ana.page.keyboard.press("Enter")
    ana.wait("document.querySelector('[data-testid=name]')")
    ana.wait("!window.jumpa.media.asking")
    if ana.page.evaluate("document.activeElement?.dataset.testid") != "name":
        tab_to("name")
    ana.page.keyboard.type("Ana")
    ana.page.keyboard.press("Enter")
    ana.wait_for_room()
    assert ana.page.url.endswith(f"/room/{room}")
    # Keys in the meeting: mute, chat, write, close, leave.
    ana.wait("document.querySelector('[data-testid=toggle-microphone]').dataset.state === 'on'")
    ana.page.keyboard.press("m")
    ana.wait("document.querySelector('[data-testid=toggle-microphone]').dataset.state === 'off'")
    ana.page.keyboard.press("c")
    ana.wait("document.activeElement?.dataset.testid === 'chat-input'")
    ana.page.keyboard.type("mmm")
    ana.page.keyboard.press("Enter")
    ana.wait("document.querySelector('[data-testid=chat-message]')?.textContent.includes('mmm')")
    ana.page.keyboard.press("Escape")
    ana.wait("document.querySelector('[data-testid=chat-input]') === null")
    tab_to("leave")
    ana.page.keyboard.press("Enter")
    ana.wait("document.querySelector('[data-testid=rejoin]')")
    tab_to("rejoin")
    ana.page.keyboard.press("Enter")
    ana.wait("document.querySelector('[data-testid=name]')?.value === 'Ana'")


@pytest.mark.parametrize("text, room", [
    ("tea", "tea"), ("  tea  ", "tea"), ("{url}/room/tea", "tea"), ("https://elsewhere.example/room/tea?x=1#y", "tea"),
    ("a  b", "a-b"), ("<b>x</b>", "<b>x<-b>"), ("übung-茶", "übung-茶"),
])
def test_a_link_or_a_name_opens_a_room(people, chromium, text, room):
    ana = people(chromium, "Ana")
    ana.page.goto(ana.server.url)
    ana.find("join-room").fill(text.format(url=ana.server.url))
    ana.find("open-room").click()
    ana.wait(f"window.jumpa.store?.state.room === {room!r}")
    ana.page.reload()
    ana.wait(f"window.jumpa.store?.state.room === {room!r}")
    assert ana.page.locator("#app b").count() == 0

"""WCAG 2.2 AA by axe on every page and state, every control by keyboard, and focus that is never lost."""

import importlib.util
import json
import pathlib

import pytest

from support.guest import Guest

AXE = next(pathlib.Path(importlib.util.find_spec("axe_playwright_python").origin).parent.glob("axe*.js"))
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def axe_source():
    return AXE.read_text()


def violations(person, source):
    """What axe finds. Passed as code to evaluate: nothing is added to the page, so the policy stays as it is."""
    found = person.page.evaluate(
        f"""async tags => {{
          if (!window.axe) {{ {source} }}
          // Colours are judged when nothing fades.
          await Promise.all(document.getAnimations().filter(one => one.effect.getTiming().iterations !== Infinity).map(one => one.finished.catch(() => {{}})))
          const {{ violations }} = await window.axe.run(document, {{ runOnly: tags, resultTypes: ['violations'] }})
          return violations.map(({{ id, impact, nodes }}) => ({{ id, impact, nodes: nodes.map(({{ html, failureSummary }}) => `${{html.slice(0, 200)}}: ${{failureSummary}}`) }}))
        }}""", TAGS)
    return json.dumps(found, indent=1) if found else ""


@pytest.fixture
def company(server):
    guest = Guest(server).join("access", "Budi")
    guest.send("chat", {"text": "see https://example.org/ for more"})
    yield guest
    guest.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(people, company, browser, theme, axe_source):
    # Firefox takes its colours from a preference, so there the choice in the settings is used.
    ana = people(browser, "Ana", color_scheme=theme, bypass_csp=True,
                 before=f"if (origin !== 'null') localStorage.setItem('jumpa.theme', JSON.stringify('{theme}'))")
    ana.page.goto(ana.server.url)
    ana.wait("document.querySelector('[data-testid=start]')")
    assert violations(ana, axe_source) == "", "start page"
    ana.open("access")
    ana.wait("document.querySelector('[data-testid=name]') && !window.jumpa.media.asking")
    assert violations(ana, axe_source) == "", "join page"
    ana.find("name").fill("Ana")
    ana.find("join").click()
    ana.wait_for_room()
    ana.wait("document.querySelectorAll('video-tile').length === 2")
    assert violations(ana, axe_source) == "", "room"
    ana.find("toggle-chat").click()
    ana.find("chat-input").fill("hello")
    ana.find("chat-send").click()
    ana.wait("document.querySelectorAll('[data-testid=chat-message]').length === 2")
    assert violations(ana, axe_source) == "", "chat"
    ana.find("toggle-people").click()
    ana.find("toggle-microphone").click()
    ana.find("toggle-camera").click()
    ana.wait("document.querySelector('[data-testid=toggle-microphone]').dataset.state === 'off'")
    assert violations(ana, axe_source) == "", "people, muted"
    ana.find("more").click()
    assert violations(ana, axe_source) == "", "menu"
    ana.find("settings").click()
    ana.wait("document.querySelector('dialog')?.open")
    assert violations(ana, axe_source) == "", "settings"
    ana.screenshot(f"settings-{theme}-{browser.browser_type.name}")
    ana.page.keyboard.press("Escape")
    ana.wait("document.querySelector('dialog') === null")
    ana.page.keyboard.press("?")
    ana.wait("document.querySelector('[data-testid=help-dialog]')?.open")
    assert violations(ana, axe_source) == "", "help"
    ana.page.keyboard.press("Escape")
    ana.wait("document.querySelector('dialog') === null")
    ana.page.evaluate(
        """async () => {
          const { msg } = await import('/i18n.js'), { notices } = window.jumpa.meeting
          notices.show({ id: 'outage', level: 'outage', message: msg('outage.link'), time: 0 })
          notices.show({ id: 'camera', level: 'warning', message: msg('device.camera.busy'), time: 0 })
        }""")
    assert violations(ana, axe_source) == "", "notices"
    ana.find("leave").click()
    ana.wait("document.querySelector('[data-testid=rejoin]')")
    assert violations(ana, axe_source) == "", "left page"


FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, [tabindex="0"]')]
  .filter(element => !element.disabled && element.checkVisibility({ visibilityProperty: true }) && !element.closest('[inert]'))"""


def walk(person, count):
    """Where Tab leads from here to the last control and Shift+Tab back to the first, and whether the focus shows.

    Not a step further: a page in Firefox that Tab has left gets no keys until somebody clicks into it.
    """
    reached = []
    for key, end in (("Tab", count - 1), ("Shift+Tab", 0)):
        for _ in range(count + 3):
            person.page.keyboard.press(key)
            now = person.page.evaluate(
                f"""() => {{
                  const element = document.activeElement
                  if (!element || element === document.body) return null
                  const style = getComputedStyle(element)
                  return {{ index: window.controls.indexOf(element), canBeUsed: ({FOCUSABLE})().includes(element),
                            is: element.dataset.testid ?? element.localName,
                            shown: style.outlineStyle !== 'none' && style.outlineWidth !== '0px' || style.boxShadow !== 'none' }}
                }}""")
            if now:
                reached.append(now)
                if now["index"] == end:
                    break
    return reached


def assert_all_reached(person, where):
    # Where controls came or went meanwhile, such as a notice with its button, those that there are now are walked.
    for _ in range(5):
        count, named = person.page.evaluate(
            f"""() => {{ const all = window.controls = ({FOCUSABLE})()
              return [all.length, all.map(element => element.dataset.testid ?? element.outerHTML.slice(0, 80))] }}""")
        reached = walk(person, count)
        if person.page.evaluate(
                f"() => {{ const now = ({FOCUSABLE})(); return now.length === controls.length && now.every((one, at) => one === controls[at]) }}"):
            break
    missed = [named[index] for index in range(count) if index not in {one["index"] for one in reached}]
    assert missed == [], f"{where}: Tab does not reach {missed} but {reached}"
    assert [one["is"] for one in reached if not one["canBeUsed"]] == [], f"{where}: Tab stops where nothing can be done"
    assert [one["is"] for one in reached if not one["shown"]] == [], f"{where}: focus does not show"


def test_tab_reaches_every_control_and_the_focus_shows(people, company, browser):
    ana = people(browser, "Ana")
    ana.page.goto(ana.server.url)
    ana.wait("document.querySelector('[data-testid=start]')")
    assert_all_reached(ana, "start")
    ana.open("access")
    ana.wait("document.querySelector('[data-testid=name]') && !window.jumpa.media.asking")
    assert_all_reached(ana, "join")
    ana.find("name").fill("Ana")
    ana.find("join").click()
    ana.wait_for_room()
    for panel in ("chat", "people"):
        ana.find(f"toggle-{panel}").click()
        assert_all_reached(ana, panel)


def focused(person):
    return person.page.evaluate("document.activeElement?.dataset.testid ?? document.activeElement?.localName")


def test_focus_goes_into_what_opens_and_back_to_what_opened_it(people, company, browser):
    ana = people(browser, "Ana").join("access")
    for tool, inside in (("toggle-chat", "chat-input"), ("toggle-people", "h2")):
        ana.find(tool).focus()
        ana.page.keyboard.press("Enter")
        ana.wait(f"['{inside}'].includes(document.activeElement?.dataset.testid ?? document.activeElement?.localName)")
        ana.page.keyboard.press("Escape")
        ana.wait(f"document.activeElement?.dataset.testid === '{tool}'")
    for item, dialog in (("settings", "settings-dialog"), ("help", "help-dialog")):
        ana.find("more").focus()
        ana.page.keyboard.press("Enter")
        ana.wait("document.activeElement?.closest('[popover]') !== null")
        ana.find(item).focus()
        ana.page.keyboard.press("Enter")
        ana.wait(f"document.activeElement?.closest('[data-testid={dialog}]')")
        controls = ana.page.locator(f"[data-testid={dialog}]").locator("button, input, select:enabled").count()
        for _ in range(15 if browser.browser_type.name == "chromium" else controls - 1):
            ana.page.keyboard.press("Tab")
            # Chromium goes round by way of its own bars, where the page has no focus.
            assert ana.page.evaluate(f"() => document.activeElement === document.body || Boolean(document.activeElement.closest('[data-testid={dialog}]'))")
        ana.page.keyboard.press("Escape")
        ana.wait("document.querySelector('dialog') === null")
        ana.wait("document.activeElement?.dataset.testid === 'more'")
    ana.find("more").focus()
    ana.page.keyboard.press("Enter")
    ana.wait("document.activeElement?.closest('[popover]') !== null")
    ana.page.keyboard.press("Escape")
    ana.wait("document.activeElement?.dataset.testid === 'more'")


def test_single_keys_can_be_switched_off(people, browser):
    ana = people(browser, "Ana").join("keys")
    ana.wait("document.querySelector('[data-testid=toggle-microphone]').dataset.state === 'on'")
    ana.page.keyboard.press("?")
    ana.find("shortcuts-on").uncheck()
    ana.page.keyboard.press("Escape")
    ana.wait("document.querySelector('dialog') === null")
    ana.page.keyboard.press("m")
    ana.page.keyboard.press("c")
    assert ana.find("toggle-microphone").get_attribute("data-state") == "on"
    assert ana.find("toggle-chat").get_attribute("data-state") == "closed"


def test_a_screen_reader_hears_what_there_is(people, company, chromium):
    ana = people(chromium, "Ana").join("access")
    ana.wait("document.querySelectorAll('video-tile').length === 2")
    ana.find("toggle-people").click()
    lines = ('heading "access · Jumpa" [level=1]', "listitem \"Budi, muted, camera off\"", 'listitem "Ana (you)"', "Meeting controls",
             'button "Mute microphone (M)"', 'button "Switch camera off (V)"', 'button "Share your screen (S)"',
             'button "Leave"', 'button "Enlarge Budi"', 'img "Microphone on"', 'heading "People" [level=2]')
    # The devices may come after the people.
    ana.wait("window.jumpa.media.tracks.camera && document.querySelector('[data-testid=toggle-microphone]').dataset.state === 'on'")
    heard = ana.page.locator("body").aria_snapshot()
    for line in lines:
        assert line in heard, f"{line} is not in\n{heard}"
    assert company.round_trip() < 5
    ana.page.keyboard.press("Escape")
    company.send("chat", {"text": "can you hear me?"})
    ana.wait("document.querySelector('meeting-room > [aria-live=polite]').textContent === 'New message from Budi'")
    # What opens says whether it is open.
    assert ana.find("toggle-chat").get_attribute("aria-expanded") == "false"
    ana.find("toggle-chat").click()
    ana.wait("document.querySelector('[data-testid=toggle-chat]').getAttribute('aria-expanded') === 'true'")


@pytest.mark.parametrize("width, height", [(320, 256), (320, 640)])
def test_at_four_hundred_percent_everything_can_be_reached(people, chromium, width, height):
    """WCAG 1.4.10: 1280×1024 enlarged four times has 320×256 CSS pixels."""
    ana = people(chromium, "Ana", viewport={"width": width, "height": height})
    for address in ("/", "/room/zoom"):
        ana.page.goto(ana.server.url + address)
        ana.wait("document.querySelector('main')")
        assert ana.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), address
    ana.find("name").fill("Ana")
    ana.find("join").click()
    ana.wait_for_room()
    for testid in ("toggle-microphone", "toggle-camera", "toggle-chat", "more", "leave"):
        ana.find(testid).click(trial=True)
    ana.screenshot(f"zoom-{width}x{height}")


def test_less_motion_is_respected(people, chromium):
    ana = people(chromium, "Ana", reduced_motion="reduce").join("motion")
    # A picture that is on its way is waited for without motion too.
    ana.page.evaluate("document.querySelector('video-tile').dataset.state = 'connecting'")
    longest, what = ana.page.evaluate(
        """() => [...document.querySelectorAll('*')].map(element => {
          const style = getComputedStyle(element)
          const times = [style.transitionDuration, style.animationDuration].join().split(',').map(parseFloat)
          return [Math.max(...times), element.className]
        }).reduce((longest, next) => next[0] > longest[0] ? next : longest, [0, ''])""")
    assert longest <= 0.01, f"{what} moves for {longest} s"

"""What stands where: tiles, controls, notices, panels, on a desk and on a phone."""

import pytest

from support.guest import Guest
from support.participant import WIRE
from support.waiting import wait_until

DESK = {"width": 1280, "height": 720}
PHONE = {"width": 360, "height": 740}
NAMES = ["Ana", "Budi", "Citra", "Dewi", "Eka", "Fajar", "Gita", "Hadi", "Indah"]
LEAST = {DESK["width"]: 200, PHONE["width"]: 100}

BOXES = """selector => [...document.querySelectorAll(selector)]
  .filter(element => element.checkVisibility({ visibilityProperty: true }))
  .map(element => { const { x, y, width, height } = element.getBoundingClientRect()
                    return { x, y, width, height, name: element.dataset.testid ?? element.className } })"""


@pytest.fixture
def crowd(server):
    """Fills a room with people who cost nothing."""
    present = []

    def grow(room, count):
        come = [Guest(server) for _ in range(len(present), count)]
        for guest in come:
            present.append(guest.ask_to_join(room, NAMES[len(present) + 1]))
        for guest in come:
            guest.wait_for_join()
        return present

    yield grow
    for guest in present:
        guest.close()


def boxes(person, selector):
    return person.page.evaluate(BOXES, selector)


def overlap(one, other):
    return (one["x"] < other["x"] + other["width"] - 0.5 and other["x"] < one["x"] + one["width"] - 0.5
            and one["y"] < other["y"] + other["height"] - 0.5 and other["y"] < one["y"] + one["height"] - 0.5)


def assert_apart(all):
    for index, one in enumerate(all):
        for other in all[index + 1:]:
            assert not overlap(one, other), (one, other)


def assert_inside(person, all, viewport):
    for one in all:
        assert one["x"] >= -0.5 and one["x"] + one["width"] <= viewport["width"] + 0.5, one
        assert one["y"] >= -0.5 and one["y"] + one["height"] <= viewport["height"] + 0.5, one


def assert_no_sideways_scrolling(person):
    assert person.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert person.page.evaluate("() => scrollTo(1000, 0) ?? scrollX === 0")


def settled(person, count):
    """Waits until there are so many tiles and everything stands still: sizes are found out and moved to a drawing later."""
    person.wait(f"document.querySelectorAll('video-tile').length === {count}")
    person.page.evaluate(
        """async () => {
          const places = () => [...document.querySelectorAll('video-tile, control-bar button, side-panel, .notice')]
            .map(one => Object.values(one.getBoundingClientRect().toJSON()).join()).join(' ')
          const drawn = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))
          let before = null, still = 0
          while (still < 5) {
            await Promise.all(document.getAnimations({ subtree: true })
              .filter(one => one.effect.getTiming().iterations !== Infinity).map(one => one.finished.catch(() => {})))
            await drawn()
            const now = places()
            still = now === before ? still + 1 : 0
            before = now
          }
        }""")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_up_to_nine_tiles_fit_without_scrolling(people, crowd, browser, viewport):
    ana = people(browser, "Ana", viewport=viewport).join("layout")
    for count in range(1, 10):
        crowd("layout", count - 1)
        settled(ana, count)
        tiles = boxes(ana, "video-tile")
        controls = boxes(ana, "control-bar button")
        assert len(tiles) == count
        assert_inside(ana, tiles + controls, viewport)
        assert_apart(tiles + controls)
        assert all(tile["width"] >= LEAST[viewport["width"]] and tile["height"] >= 90 for tile in tiles), tiles
        assert ana.page.locator("tile-grid[data-scrolls]").count() == 0
        assert ana.page.evaluate("() => { const grid = document.querySelector('tile-grid'); return grid.scrollHeight <= grid.clientHeight }")
        assert_no_sideways_scrolling(ana)
        assert ana.page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
        # Nobody's picture is much smaller than another's, and the room is used.
        areas = [tile["width"] * tile["height"] for tile in tiles]
        assert min(areas) > 0.8 * max(areas)
        assert sum(areas) > (0.3 if viewport == PHONE else 0.45) * viewport["width"] * viewport["height"]
        if count in (1, 2, 4, 9) and viewport == PHONE or count in (1, 3, 5, 9):
            name = "desk" if viewport == DESK else "phone"
            ana.screenshot(f"layout-{name}-{count}-{browser.browser_type.name}")
    if viewport == PHONE:
        return
    # Tiles keep their seats when somebody goes.
    before = ana.page.evaluate("() => [...document.querySelectorAll('video-tile')].map(tile => tile.dataset.participant)")
    gone = crowd("layout", 8)[3]
    gone.send("leave")
    settled(ana, 8)
    after = ana.page.evaluate("() => [...document.querySelectorAll('video-tile')].map(tile => tile.dataset.participant)")
    assert after == [one for one in before if one != gone.id]


def test_three_people_stack_on_a_phone(people, crowd, chromium):
    ana = people(chromium, "Ana", viewport=PHONE).join("stack")
    crowd("stack", 2)
    settled(ana, 3)
    tiles = boxes(ana, "video-tile")
    assert len({round(tile["x"]) for tile in tiles}) == 1
    assert all(tile["width"] > 150 for tile in tiles)


@pytest.mark.parametrize("width, height", [(320, 568), (360, 740), (740, 360), (820, 1180), (1920, 1080)])
def test_every_size_of_screen_has_room_for_tiles_and_controls(people, crowd, chromium, width, height):
    viewport = {"width": width, "height": height}
    ana = people(chromium, "Ana", viewport=viewport).join("sizes")
    crowd("sizes", 3)
    settled(ana, 4)
    controls = boxes(ana, "control-bar button")
    tiles = boxes(ana, "video-tile")
    assert_inside(ana, tiles + controls, viewport)
    assert_apart(tiles + controls)
    assert_no_sideways_scrolling(ana)
    assert all(control["width"] >= 44 and control["height"] >= 44 for control in controls), controls
    ana.screenshot(f"layout-{width}x{height}")


def test_leaving_is_far_from_muting_on_a_phone(people, chromium):
    ana = people(chromium, "Ana", viewport=PHONE).join("apart")
    [leave] = boxes(ana, "[data-testid=leave]")
    for other in boxes(ana, "control-bar button"):
        if other["name"] == "leave":
            continue
        gap = max(leave["x"] - other["x"] - other["width"], leave["y"] - other["y"] - other["height"])
        assert gap >= 24, f"{other['name']} is {gap:.0f} px from leaving"


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_notices_never_cover_a_control(people, server, chromium, viewport):
    ana = people(chromium, "Ana", viewport=viewport).join("notices")
    for panel in (None, "chat", "people"):
        if panel:
            ana.page.evaluate("panel => window.jumpa.meeting.openPanel(panel)", panel)
        ana.page.evaluate(
            """async () => {
              const { msg } = await import('/i18n.js'), { notices } = window.jumpa.meeting
              notices.show({ id: 'outage', level: 'outage', message: msg('outage.blocked'), time: 0 })
              notices.show({ id: 'camera', level: 'warning', message: msg('device.camera.busy'), time: 0 })
              notices.show({ id: 'third', level: 'info', message: msg('notice.alone'), time: 0 })
            }""")
        ana.wait("document.querySelectorAll('.notice').length === 2")
        settled(ana, 1)
        notices = boxes(ana, ".notice")
        assert_inside(ana, notices, viewport)
        assert_apart(notices)
        covered = ana.page.evaluate(
            """() => [...document.querySelectorAll('button, select, textarea, input, a')].filter(control => {
              if (control.closest('.notice') || !control.checkVisibility({ visibilityProperty: true })) return false
              const { x, y, width, height } = control.getBoundingClientRect()
              return [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]].some(([right, down]) =>
                document.elementFromPoint(x + width * right, y + height * down)?.closest('.notice'))
            }).map(control => control.dataset.testid)""")
        assert covered == [], panel
        hidden = ana.page.evaluate(
            """() => [...document.querySelectorAll('.notice')].filter(notice => {
              const { x, y, width, height } = notice.getBoundingClientRect()
              return document.elementFromPoint(x + width / 2, y + height / 2)?.closest('.notice') !== notice
            }).map(notice => notice.dataset.notice)""")
        assert hidden == [], f"under the panel: {panel}"
        ana.screenshot(f"notices-{panel or 'none'}-{viewport['width']}")
        ana.page.evaluate("() => window.jumpa.meeting.notices.clear()")
        if panel:
            ana.page.evaluate("panel => window.jumpa.meeting.openPanel(panel)", panel)


def test_many_arrivals_make_one_notice(people, chromium):
    ana = people(chromium, "Ana", before=WIRE).join("arrivals")
    # All at once: who comes more than a second after the others is told by another notice.
    ana.page.evaluate(
        """names => names.forEach(name => window.wire.hear('participant-joined', { participant: {
          id: `p-${name}`, name, media: { microphone: false, camera: false, screen: false } } }))""", NAMES[1:6])
    ana.wait("document.querySelector('.notice[data-notice=\"notice.joined\"]')?.textContent.includes('3 more')"
             " && document.querySelectorAll('.notice').length === 1")


def test_the_list_of_people_tells_who_is_here_and_what_they_do(people, crowd, server, browser):
    ana = people(browser, "Ana").join("list")
    ana.find("toggle-people").click()
    ana.wait("document.querySelectorAll('[data-testid=person]').length === 1")
    [budi] = crowd("list", 1)
    budi.send("update", {"media": {"microphone": True, "camera": True}})
    row = f"document.querySelector('[data-testid=person][data-participant=\"{budi.id}\"]')"
    ana.wait(f"[...{row}.querySelectorAll('.sign')].every(sign => sign.dataset.state === 'on')")
    assert "Budi" in ana.page.locator(f"[data-testid=person][data-participant='{budi.id}']").inner_text()
    budi.send("update", {"name": "Budi Santoso", "media": {"microphone": False}})
    ana.wait(f"{row}.textContent.includes('Budi Santoso')")
    ana.wait(f"[...{row}.querySelectorAll('.sign')].map(sign => sign.dataset.state).join() === 'off,on'")
    assert ana.find("toggle-people").get_attribute("aria-label") == "People, 2 here (P)"
    # The pin puts somebody on the stage, and off again.
    ana.page.locator(f"[data-testid=person][data-participant='{budi.id}'] [data-testid=pin]").click()
    ana.wait("document.querySelector('tile-grid').dataset.layout === 'stage'")
    ana.wait(f"document.querySelector('video-tile[data-staged=true]').dataset.participant === '{budi.id}'")
    settled(ana, 2)
    staged, small = sorted(boxes(ana, "video-tile"), key=lambda tile: -tile["width"])
    assert staged["width"] > 2 * small["width"]
    assert_apart([staged, small])
    ana.screenshot(f"people-{browser.browser_type.name}")
    budi.send("leave")
    ana.wait("document.querySelectorAll('[data-testid=person]').length === 1")
    ana.wait("document.querySelector('tile-grid').dataset.layout === 'grid'")


def test_the_link_is_copied_and_leads_here(people, chromium):
    ana = people(chromium, "Ana", permissions=["clipboard-read", "clipboard-write"]).join("link me")
    for press in (lambda: ana.find("copy-link").click(),
                  lambda: (ana.find("more").click(), ana.find("menu-copy").click()),
                  lambda: (ana.find("toggle-people").click(), ana.find("invite").click())):
        ana.page.evaluate("() => navigator.clipboard.writeText('')")
        press()
        ana.wait("document.querySelector('[data-notice=copied]')")
        wait_until(ana.page, "navigator.clipboard.readText()")
        link = ana.page.evaluate("() => navigator.clipboard.readText()")
        assert link == f"{ana.server.url}/room/link%20me"
        ana.page.evaluate("() => window.jumpa.meeting.notices.clear()")
        ana.wait("document.querySelector('[data-notice=copied]') === null")
    budi = people(chromium, "Budi")
    budi.page.goto(link)
    budi.wait("window.jumpa.store.state.room === 'link me'")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_unread_messages_are_counted_until_the_chat_is_opened(people, crowd, chromium, viewport):
    ana = people(chromium, "Ana", viewport=viewport).join("unread")
    [budi] = crowd("unread", 1)
    for count in range(1, 4):
        budi.send("chat", {"text": f"message {count}"})
        ana.wait(f"document.querySelector('[data-testid=unread]').textContent === '{count}'")
    assert ana.find("unread").is_visible()
    assert ana.page.title().startswith("(3) ")
    assert "3 unread" in ana.find("toggle-chat").get_attribute("aria-label")
    assert_inside(ana, boxes(ana, "[data-testid=unread]"), viewport)
    ana.find("toggle-chat").click()
    ana.wait("document.querySelectorAll('[data-testid=chat-message]').length === 3")
    assert not ana.find("unread").is_visible()
    assert not ana.page.title().startswith("(")
    budi.send("chat", {"text": "read at once"})
    ana.wait("document.querySelectorAll('[data-testid=chat-message]').length === 4")
    assert not ana.find("unread").is_visible()
    settled(ana, 2)
    assert_inside(ana, boxes(ana, "control-bar button, side-panel button, side-panel textarea"), viewport)
    assert_no_sideways_scrolling(ana)
    ana.screenshot(f"chat-{viewport['width']}")
    ana.find("close-panel").click()
    budi.send("chat", {"text": "x" * 4000})
    ana.wait("document.querySelector('[data-testid=unread]').textContent === '1'")
    ana.find("toggle-chat").click()
    assert_no_sideways_scrolling(ana)


def test_chat_follows_the_conversation_but_not_while_one_reads_above(people, crowd, chromium):
    ana = people(chromium, "Ana").join("scroll")
    [budi] = crowd("scroll", 1)
    ana.find("toggle-chat").click()
    for number in range(40):
        budi.send("chat", {"text": f"line {number}"})
    log = "document.querySelector('[data-testid=chat-messages]')"
    ana.wait("document.querySelectorAll('[data-testid=chat-message]').length === 40")
    ana.wait(f"{log}.scrollHeight - {log}.scrollTop - {log}.clientHeight < 5")
    ana.page.evaluate(f"() => {{ {log}.scrollTop = 0 }}")
    budi.send("chat", {"text": "one more"})
    ana.wait("document.querySelectorAll('[data-testid=chat-message]').length === 41")
    assert ana.page.evaluate(f"() => {log}.scrollTop") == 0

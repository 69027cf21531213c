"""What the page asks to be sent: as large as it is shown, and nothing that nobody sees."""

import types

import pytest

from support.guest import Guest
from support.participant import WIRE, only_hears
from support.proxy import Proxy

PHONE = {"width": 360, "height": 740}
HIDDEN = """
  window.hide = isHidden => {
    Object.defineProperty(document, 'visibilityState', { value: isHidden ? 'hidden' : 'visible', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }
"""
TILES = "window.wire.last('view')?.tiles"


@pytest.fixture
def guests(server):
    present = []

    def come(room, count, **media):
        for _ in range(count):
            guest = Guest(server).join(room, f"Guest {len(present) + 1}")
            guest.send("update", {"media": {"camera": True, "microphone": True, **media}})
            present.append(guest)
        return present

    yield come
    for guest in present:
        guest.close()


def settled(person, count, sharpness=1):
    """Waits until so many tiles are asked for, each in the size in which it is shown when all have grown into their places."""
    # More than twice is not to be told apart.
    person.wait(f"""document.fonts.status === 'loaded' && {TILES}?.length === {count} && {TILES}.every(({{ userId, source, width, height }}) => {{
      const tile = document.querySelector(`video-tile[data-participant="${{userId}}"][data-source="${{source}}"]`)
      const box = tile.getBoundingClientRect()
      const isNear = (asked, shown) => Math.abs(asked - shown * {min(2, sharpness)}) <= 2
      return isNear(width, box.width) && isNear(height, box.height)
    }})""")


@pytest.mark.parametrize("sharpness", [1, 2, 3])
def test_sizes_are_those_of_the_tiles_in_device_pixels(people, guests, chromium, sharpness):
    first, second = guests("sizes", 2)
    ana = people(chromium, "Ana", before=WIRE, device_scale_factor=sharpness).join("sizes")
    settled(ana, 2, sharpness)
    assert {tile["source"] for tile in ana.said("view")["tiles"]} == {"camera"}
    asked = {tile["userId"]: tile for tile in ana.said("view")["tiles"]}
    assert {first.id, second.id} == set(asked)
    ana.page.set_viewport_size({"width": 700, "height": 500})
    ana.wait(f"{TILES}.every(({{ width }}) => width < {asked[first.id]['width']})")


def test_who_is_enlarged_comes_first_then_screens_then_who_speaks(people, guests, chromium):
    budi, citra, dewi = guests("first", 3)
    dewi.send("update", {"media": {"screen": True}})
    ana = people(chromium, "Ana", before=only_hears("speakers")).join("first")
    ana.wait(f"{TILES}?.length === 4")
    ana.hear("speakers", {"speakers": [{"userId": citra.id, "level": 0.8}, {"userId": budi.id, "level": 0.2}]})
    ana.page.evaluate("id => window.jumpa.meeting.pin(`${id}/camera`)", budi.id)

    def order():
        tiles = sorted(ana.said("view")["tiles"], key=lambda tile: -tile["priority"])
        return [(tile["userId"], tile["source"]) for tile in tiles]

    wanted = [(budi.id, "camera"), (dewi.id, "screen"), (citra.id, "camera"), (dewi.id, "camera")]
    ana.wait(f"{TILES}.some(({{ priority }}) => priority === 10) && {TILES}.some(({{ priority }}) => priority === 30)")
    assert order() == wanted
    # Who spoke last keeps the place while nobody speaks.
    said = ana.page.evaluate("window.wire.count('view')")
    ana.hear("speakers", {"speakers": []})
    ana.page.evaluate("() => window.jumpa.meeting.pin(null)")
    ana.wait(f"window.wire.count('view') > {said}")
    assert order()[1] == (citra.id, "camera")


def test_what_lies_under_a_panel_is_not_asked_for(people, guests, browser):
    guests("under", 2)
    ana = people(browser, "Ana", before=WIRE, viewport=PHONE).join("under")
    ana.wait(f"{TILES}?.length === 2")
    ana.find("toggle-chat").click()
    ana.wait(f"{TILES}.length === 0")
    ana.page.keyboard.press("Escape")
    ana.wait(f"{TILES}.length === 2")


def test_on_a_desk_a_panel_leaves_the_pictures_beside_it(people, guests, chromium):
    guests("beside", 2)
    ana = people(chromium, "Ana", before=WIRE).join("beside")
    settled(ana, 2)
    wide = ana.said("view")["tiles"][0]["width"]
    ana.find("toggle-chat").click()
    ana.wait(f"{TILES}[0].width < {wide}")
    assert len(ana.said("view")["tiles"]) == 2


def test_what_is_scrolled_away_is_asked_for_when_it_comes_back(people, guests, browser):
    present = guests("scroll", 30)
    ana = people(browser, "Ana", before=WIRE, viewport=PHONE).join("scroll")
    ana.wait("document.querySelector('tile-grid[data-scrolls]')")
    ana.wait(f"{TILES}?.length > 4 && {TILES}.length < 30")
    last = present[-1].id
    assert last not in {tile["userId"] for tile in ana.said("view")["tiles"]}
    # Tiles that are still on their way make the grid shorter than it will be: the end is scrolled to until it is the end.
    to_the_end = "document.querySelector('tile-grid').scrollTo({ top: 1e6, behavior: 'instant' })"
    ana.wait(f"({to_the_end}, {TILES}.some(({{ userId }}) => userId === '{last}'))")
    ana.wait(f"!{TILES}.some(({{ userId }}) => userId === '{present[0].id}')")


def test_a_hidden_page_asks_for_nothing_and_for_all_at_once_when_it_is_back(people, guests, browser):
    guests("hidden", 2)
    ana = people(browser, "Ana", before=WIRE + HIDDEN).join("hidden")
    settled(ana, 2)
    # A short look elsewhere changes nothing.
    said = ana.page.evaluate("() => { hide(true); hide(false); return window.wire.count('view') }")
    ana.page.evaluate("hide(true)")
    ana.wait(f"{TILES}.length === 0")
    assert ana.page.evaluate("window.wire.count('view')") == said + 1
    at_once = ana.page.evaluate("() => { hide(false); return window.wire.last('view').tiles.length }")
    assert at_once == 2


def test_after_a_lost_connection_the_view_is_told_again(people, guests, server, browser):
    guests("again", 2)
    proxy = Proxy(server.port)
    try:
        ana = people(browser, "Ana", before=WIRE)
        ana.server = types.SimpleNamespace(url=proxy.url)
        ana.join("again")
        settled(ana, 2)
        ana.page.evaluate("() => { window.before = JSON.stringify(window.wire.last('view')); window.wire.sent.length = 0 }")
        proxy.cut()
        ana.wait("window.jumpa.store.state.link !== 'connected'")
        proxy.mend()
        # What tells of the outage may take room for a moment.
        ana.wait("JSON.stringify(window.wire.last('view')) === window.before")
    finally:
        proxy.close()


def test_a_tile_that_passes_outside_on_its_way_to_another_place_is_asked_for_all_the_while(people, guests, chromium):
    guests("moving", 1)
    ana = people(chromium, "Ana", before=WIRE).join("moving")
    settled(ana, 1)
    ana.page.evaluate(
        """() => {
          window.tile = document.querySelector('video-tile[data-self=false]')
          tile.style.transition = 'none'
          new IntersectionObserver(entries => { window.isOutside = !entries.at(-1).isIntersecting }).observe(tile)
        }""")
    ana.wait("window.isOutside === false")
    ana.page.clock.install()
    ana.page.clock.pause_at(ana.page.evaluate("Date.now() + 1000"))
    said = ana.page.evaluate("window.wire.count('view')")
    ana.page.evaluate("() => { window.place = tile.style.translate; tile.style.translate = '0 9999px' }")
    ana.wait("window.isOutside")
    ana.page.clock.run_for(300)
    ana.page.evaluate("() => { tile.style.translate = window.place }")
    ana.wait("!window.isOutside")
    ana.page.clock.run_for(1000)
    assert ana.page.evaluate("window.wire.count('view')") == said

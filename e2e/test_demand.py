"""Nothing that nobody looks at is sent, and it is back when somebody looks: page, server and page together."""

from support.participant import WIRE
from test_view import HIDDEN

LARGE = {"camera": {"width": 1280, "height": 720, "rate": 10}}
ENCODINGS = "window.jumpa.pc.getTransceivers()[1].sender.getParameters().encodings"


def test_a_camera_that_nobody_watches_rests(people, browser, chromium):
    ana = people(browser, "Ana", before=WIRE, probe=LARGE).join("watched")
    budi = people(chromium, "Budi", before=WIRE + HIDDEN).join("watched")
    budi.wait_for_picture(ana.id)
    ana.wait(f"{ENCODINGS}.some(({{ active }}) => active)")
    budi.page.evaluate("hide(true)")
    ana.wait(f"{ENCODINGS}.every(({{ active }}) => active === false)")
    frames = budi.page.evaluate("window.probe.framesDecoded()")
    budi.page.evaluate("hide(false)")
    took = budi.wait(f"window.probe.framesDecoded() > {frames}")
    print(f"a new frame {took:.2f} s after somebody looks again")
    ana.wait(f"{ENCODINGS}.some(({{ active }}) => active)")


def test_a_small_tile_needs_no_large_picture(people, browser, chromium):
    ana = people(browser, "Ana", before=WIRE, probe=LARGE).join("small")
    budi = people(chromium, "Budi", before=WIRE, viewport={"width": 1900, "height": 1000}).join("small")
    budi.wait(f"window.probe.picture('{ana.id}')?.height === 720", timeout=40)
    ana.wait(f"{ENCODINGS}[2].active")
    budi.page.set_viewport_size({"width": 420, "height": 400})
    ana.wait(f"{ENCODINGS}[2].active === false")
    budi.wait(f"window.probe.picture('{ana.id}').height < 720")
    budi.page.set_viewport_size({"width": 1900, "height": 1000})
    ana.wait(f"{ENCODINGS}[2].active")
    budi.wait(f"window.probe.picture('{ana.id}').height === 720", timeout=40)


def test_the_servers_word_about_quality_is_shown(people, browser, chromium):
    ana, budi = people(browser, "Ana").join("bars"), people(chromium, "Budi").join("bars")
    for person in (ana, budi):
        for other in (ana, budi):
            person.wait(
                f"document.querySelector('video-tile[data-participant=\"{other.id}\"] .bars')?.dataset.score >= 0", timeout=30)
    scores = ana.page.evaluate("window.jumpa.store.state.quality")
    print({name: {side: one[side] for side in ("up", "down")} for name, one in scores.items()})


def test_the_figures_hold_what_the_server_measured(people, browser, chromium):
    ana, budi = people(browser, "Ana").join("figures"), people(chromium, "Budi").join("figures")
    ana.wait_for_picture(budi.id)
    ana.page.keyboard.press("i")
    ana.wait(f"window.jumpa.store.state.quality['{ana.id}']?.down?.details?.bitrate > 0", timeout=30)
    ana.wait("/\\d ms/.test(document.querySelector('.figures-paths').textContent)")

"""Makes docs/screenshot.png: a real meeting of four, whose cameras are drawn. Run by hand: python e2e/picture.py"""

import json
import pathlib

from PIL import Image
from playwright.sync_api import sync_playwright

from support.browsers import launch_chromium
from support.participant import Participant
from support.server import ROOT, Server

PORTRAIT = (pathlib.Path(__file__).parent / "support/portrait.js").read_text()
PEOPLE = {
    "Ana": dict(scene="window", style="long", hair="#3b2420", brow="#3b2420", skin="#eab98f", shadow="#d39c72",
                shirt="#2f8f83", shirtDark="#1f6a62", earring="#f4c95d", aside=60),
    "Budi": dict(scene="books", style="short", hair="#1d1a1c", brow="#1d1a1c", skin="#c98d62", shadow="#ad744c",
                 shirt="#e9b44c", shirtDark="#c98f2b", glasses="#2a2326", talks=True, aside=0),
    "Citra": dict(scene="plants", style="scarf", hair="#b8405e", brow="#33221d", skin="#e0a97d", shadow="#c68c62",
                  shirt="#f0e4d4", shirtDark="#d9c5ad", aside=20),
    "Dewi": dict(scene="night", style="bun", hair="#2b1b3a", brow="#2b1b3a", skin="#d9a077", shadow="#bd845c",
                 shirt="#e86f68", shirtDark="#c04c53", headphones="#f3efe6", aside=-10),
}
SAID = [("Citra", "Halo semua! I see and hear everyone."), ("Dewi", "Thanks! The agenda is at https://example.org/agenda"),
        ("Ana", "Terima kasih. Budi, will you begin?")]


def main():
    server = Server().start()
    try:
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            everyone = {}
            for number, (name, looks) in enumerate(PEOPLE.items()):
                looks = {"phase": number * 1.7, "talks": False, **looks}
                everyone[name] = Participant(
                    browser, server, name, viewport={"width": 1280, "height": 800},
                    before=f"window.__portrait = {json.dumps(looks)};\n{PORTRAIT}")
                everyone[name].join("monday-tea")
            ana = everyone["Ana"]
            for name, other in everyone.items():
                if other is not ana:
                    ana.wait(f"window.probe.picture('{other.id}')?.width >= 480", timeout=60)
            for name, text in SAID:
                person = everyone[name]
                person.find("toggle-chat").click()
                person.find("chat-input").fill(text)
                person.find("chat-send").click()
                ana.wait(f"window.jumpa.store.state.chat.at(-1)?.name === '{name}'")
                if person is not ana:
                    person.find("close-panel").click()
            ana.wait(f"document.querySelector('video-tile[data-participant=\"{everyone['Budi'].id}\"]').dataset.speaking === 'true'")
            ana.wait("document.querySelectorAll('.notice').length === 0", timeout=60)
            ana.page.evaluate("() => document.activeElement.blur()")
            ana.page.wait_for_timeout(3000)  # for the pictures to sharpen
            target = ROOT / "docs/screenshot.png"
            ana.page.screenshot(path=target)
            browser.close()
        # Six bits a channel look the same and pack into half the space.
        Image.open(target).convert("RGB").point(lambda value: min(255, (value + 2) & ~3)).save(target, optimize=True)
        print(target, target.stat().st_size // 1000, "kB")
    finally:
        server.stop()


if __name__ == "__main__":
    main()

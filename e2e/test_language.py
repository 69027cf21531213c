"""English and Indonesian: complete, switched live, remembered."""

import re

import pytest

from support.guest import Guest
from support.server import ROOT

LANGUAGES = {"en": "en-US", "id": "id-ID"}
# What is the same in both, or no word at all.
SAME = {"Jumpa", "Email", "OK"}

READ = """async () => {
  const languages = Object.keys((await import('/i18n.js')).languages)
  return Object.fromEntries(await Promise.all(languages.map(async code =>
    [code, (await import(`/locales/${code}.js`)).default])))
}"""


@pytest.fixture
def locales(people, chromium):
    ana = people(chromium, "Ana")
    ana.page.goto(ana.server.url)
    return ana.page.evaluate(READ)


def test_both_languages_have_the_same_messages_with_the_same_places_to_fill(locales):
    assert set(locales) == {"en", "id"}
    english, indonesian = locales["en"], locales["id"]
    assert set(english) == set(indonesian)
    for key, text in english.items():
        other = indonesian[key]
        forms = [text] if isinstance(text, str) else list(text.values())
        others = [other] if isinstance(other, str) else list(other.values())
        assert all(form.strip() for form in forms + others), key
        places = {tuple(sorted(set(re.findall(r"\{(\w+)\}", form)))) for form in forms + others}
        assert len(places) == 1, (key, places)
        if isinstance(text, dict):
            assert set(text) == {"one", "other"}, key
        if isinstance(other, dict):
            assert set(other) == {"other"}, key


def test_nothing_is_left_untranslated(locales):
    same = [key for key, text in locales["en"].items() if text == locales["id"][key] and re.search(r"[a-z]{4}", re.sub(r"\{\w+\}", "", str(text)))]
    assert len(same) <= 8, f"the same in both languages: {same}"


def test_every_message_that_the_code_asks_for_exists_and_none_is_idle(locales):
    code = "\n".join(path.read_text() for path in (ROOT / "web").rglob("*.js") if "locales" not in path.parts)
    code = re.sub(r"^\s*//.*$", "", code, flags=re.MULTILINE)
    literal = set(re.findall(r"""["'`]([a-z]+\.[a-z][a-z-]*(?:\.[a-z-]+)*)["'`]""", code))
    patterns = [re.compile(re.sub(r"\$\{.*?\}", ".+", re.escape(text).replace(r"\$", "$").replace(r"\{", "{").replace(r"\}", "}")))
                for text in re.findall(r"`([a-z]+\.[^`]*\$\{[^`]*)`", code)]
    keys = set(locales["en"])
    prefixes = {key.split(".")[0] for key in keys}
    missing = {name for name in literal if name.split(".")[0] in prefixes and name not in keys and not name.endswith((".js", ".css"))}
    assert missing == set()
    idle = {key for key in keys - literal if not any(pattern.fullmatch(key) for pattern in patterns)}
    assert idle == set()


def missing(person):
    return person.page.evaluate("[...(window.jumpa?.missingKeys ?? [])]")


def placeholders(person):
    """Text that was not filled in or not found."""
    return re.findall(r"⟦.*?⟧|\{\w+\}|undefined|\[object", person.page.locator("body").inner_text())


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_pages_speak_the_language(people, server, browser, code):
    """A walk through every page, panel, dialog and notice."""
    budi = Guest(server).join("language", "Budi")
    ana = people(browser, "Ana", locale=LANGUAGES[code])
    check = []

    def look(where):
        check.append((where, missing(ana), placeholders(ana)))
        assert ana.page.evaluate("document.documentElement.lang") == code

    ana.page.goto(server.url)
    ana.wait("document.querySelector('[data-testid=start]')")
    assert ana.page.locator("h1").inner_text() == {"en": "Meet, simply.", "id": "Bertemu, sederhana."}[code]
    look("start")
    ana.open("language")
    ana.wait("document.querySelector('[data-testid=name]') && !window.jumpa.media.asking")
    look("join")
    ana.find("name").fill("Ana")
    ana.find("join").click()
    ana.wait_for_room()
    look("room")
    for tool in ("toggle-microphone", "toggle-camera", "toggle-screen", "toggle-people"):
        ana.find(tool).click()
        ana.wait(f"['off', 'on', 'open'].includes(document.querySelector('[data-testid={tool}]').dataset.state)")
        look(tool)
    ana.find("pin").last.click()
    look("pin")
    ana.find("toggle-chat").click()
    ana.find("chat-input").fill("halo")
    ana.find("chat-send").click()
    ana.wait("document.querySelector('[data-testid=chat-message]')")
    look("chat")
    ana.find("toggle-chat").click()
    budi.send("chat", {"text": "1"})
    ana.wait("document.querySelector('[data-testid=unread]').textContent === '1'")
    look("unread")
    for dialog in ("settings", "help"):
        ana.find("more").click()
        look("menu")
        ana.find(dialog).click()
        ana.wait(f"document.querySelector('[data-testid={dialog}-dialog]')?.open")
        look(dialog)
        if code == "id":
            ana.screenshot(f"language-id-{dialog}-{browser.browser_type.name}")
        ana.find("close-dialog").click()
    # Every notice and every refusal there is, whether or not it can be brought about here.
    every = ana.page.evaluate(
        """async () => {
          const { t } = await import('/i18n.js'), locale = (await import('/locales/en.js')).default
          const fill = { names: 'A', count: 3, name: 'A', label: 'B', link: 'C', number: 1, room: 'D', origin: 'E' }
          return Object.keys(locale).map(key => t(key, fill))
        }""")
    assert not [text for text in every if re.search(r"⟦|\{|\}", text)]
    budi.close()
    ana.find("leave").click()
    ana.wait("document.querySelector('[data-testid=rejoin]')")
    look("left")
    wrong = [seen for seen in check if seen[1] or seen[2]]
    assert wrong == []


def test_the_language_is_switched_live_and_remembered(people, browser):
    ana = people(browser, "Ana")
    ana.page.goto(ana.server.url)
    ana.wait("document.documentElement.lang === 'en'")
    english = ana.page.locator("main").inner_text()
    ana.find("language").first.select_option("id")
    ana.wait("document.documentElement.lang === 'id'")
    indonesian = ana.page.locator("main").inner_text()
    same = set(english.splitlines()) & set(indonesian.splitlines())
    names = {"", "Ana", "Budi", "Citra", "Made", "AP", "B", "CD", "M"}
    assert same <= names, f"not switched: {same}"
    assert ana.page.title() == "Jumpa · Bertemu, sederhana"
    ana.join("live")
    assert ana.page.evaluate("document.documentElement.lang") == "id"
    ana.find("toggle-chat").click()
    ana.wait("document.querySelector('[data-testid=toggle-microphone]').dataset.state === 'on'")
    before = ana.find("toggle-microphone").get_attribute("aria-label")
    ana.find("chat-input").fill("tetap di sini")
    ana.find("more").click()
    ana.find("settings").click()
    ana.page.locator("dialog [data-testid=language]").select_option("en")
    ana.wait("document.documentElement.lang === 'en'")
    assert ana.find("toggle-microphone").get_attribute("aria-label") == "Mute microphone (M)" != before
    assert ana.page.locator("dialog h2").inner_text() == "Settings"
    ana.find("close-dialog").click()
    assert ana.find("chat-input").input_value() == "tetap di sini"
    assert ana.find("chat-input").get_attribute("placeholder") == "Write to everyone"
    assert ana.page.evaluate("window.jumpa.pc.connectionState") == "connected"
    assert missing(ana) == []


@pytest.mark.parametrize("locale, expected", [("id", "id"), ("id-ID", "id"), ("en-GB", "en"), ("de-DE", "en")])
def test_the_browsers_language_is_taken_where_it_exists(people, chromium, locale, expected):
    ana = people(chromium, "Ana", locale=locale)
    ana.page.goto(ana.server.url)
    ana.wait(f"document.documentElement.lang === '{expected}' && document.querySelector('h1')")

"""What a hostile participant can do to a page, and what a page lets out: nothing."""

import threading
import urllib.parse
import urllib.request

import pytest

from support.guest import Guest

CALL = "window.hit()"
EVENTS = ["onerror", "onload", "onfocus", "onclick", "onmouseover", "ontoggle", "onanimationstart", "onpointerenter", "onbegin", "onstart"]
ELEMENTS = ["img src=x", "svg", "body", "iframe src=x", "video src=x", "audio src=x", "input autofocus", "details open", "marquee", "object data=x"]


def payloads():
    """More than a hundred ways in which text has become code somewhere."""
    made = [f"<{element} {event}={CALL}>" for element in ELEMENTS for event in EVENTS]
    made += [
        f"<script>{CALL}</script>", f"</script><script>{CALL}</script>", f"<SCRIPT SRC=//evil.example>{CALL}</SCRIPT>",
        f"<scr<script>ipt>{CALL}</scr</script>ipt>", f"</textarea><script>{CALL}</script>", f"</title><script>{CALL}</script>",
        f"--><script>{CALL}</script>", f"]]><script>{CALL}</script>", f"</style><script>{CALL}</script>", f"<!--<img src=-->{CALL}",
        f'"><img src=x onerror={CALL}>', f"'><img src=x onerror={CALL}>", f'" onfocus={CALL} autofocus x="', f"' onfocus={CALL} autofocus x='",
        f"`-{CALL}-`", f"${{{CALL}}}", f"{{{{{CALL}}}}}", f"#{{{CALL}}}", f"<%= {CALL} %>", f"';{CALL}//", f'";{CALL}//', f"\\\";{CALL}//",
        f"javascript:{CALL}", f"JaVaScRiPt:{CALL}", f"java&#10;script:{CALL}", f"data:text/html,<script>{CALL}</script>", f"vbscript:{CALL}",
        f"[x](javascript:{CALL})", f"![x](x\"onerror={CALL})", f"<a href=javascript:{CALL}>x</a>", f"<a href='data:text/html,x'>x</a>",
        f"https://evil.example/\"onmouseover=\"{CALL}", f"https://evil.example/'onmouseover='{CALL}", f"https://evil.example/<b>{CALL}</b>",
        "https://javascript:alert(1)@evil.example/", f"<form action=javascript:{CALL}><button>x", "<base href=//evil.example/>",
        f"<meta http-equiv=refresh content='0;url=javascript:{CALL}'>", "<link rel=stylesheet href=//evil.example/x.css>",
        "<style>*{display:none}</style>", "<plaintext>", "<template shadowrootmode=open><b>x", "<frameset onload=x>",
        f"<math><mtext></form><form><mglyph><style></math><img src onerror={CALL}>", f"<svg><style><img src=x onerror={CALL}></style></svg>",
        f"<noscript><p title='</noscript><img src=x onerror={CALL}>'>", f"<svg><animate onbegin={CALL} attributeName=x dur=1s>",
        f"&lt;script&gt;{CALL}&lt;/script&gt;", f"&#60;img src=x onerror={CALL}&#62;", f"%3Cimg src=x onerror={CALL}%3E",
        f"\\u003cimg src=x onerror={CALL}\\u003e", f"\\x3cscript\\x3e{CALL}", f"＜script＞{CALL}＜/script＞", f"<img/src=x/onerror={CALL}>",
        "__proto__", "constructor", "toString", "hasOwnProperty", "null", "undefined", "NaN", "[object Object]", "{name}", "{count}", "⟦x⟧",
    ]
    return made


HOOK = """
  window.hits = []
  window.hit = (...what) => { window.hits.push(what.join()) }
  for (const name of ['alert', 'confirm', 'prompt']) window[name] = window.hit
  document.addEventListener('securitypolicyviolation', event => window.hits.push('policy ' + event.violatedDirective + ' ' + event.blockedURI))
"""
# What names and chat may be made of; anything else came out of a text.
STRANGE = """() => [...document.querySelectorAll('#app *')].filter(element => {
  const known = ['tile-grid', 'video-tile', 'side-panel', 'chat-log', 'people-list', 'control-bar', 'notice-area', 'meeting-room', 'audio-outlet',
    'page-header', 'join-page', 'device-fields', 'header', 'main', 'footer', 'section', 'div', 'p', 'h1', 'h2', 'span', 'ul', 'li', 'article', 'time',
    'form', 'label', 'input', 'textarea', 'select', 'option', 'button', 'video', 'audio', 'svg', 'path', 'circle', 'rect', 'line', 'polyline', 'g',
    'use', 'img', 'a', 'nav', 'call-figures']
  return !known.includes(element.localName)
    || [...element.attributes].some(({ name }) => /^on|^srcdoc$|^action$|^formaction$/.test(name))
    || element.localName === 'img' && new URL(element.src).origin !== location.origin
    || element.localName === 'a' && !/^https?:$/.test(element.protocol)
}).map(element => element.outerHTML.slice(0, 200))"""


def same_origin(person):
    own = urllib.parse.urlsplit(person.server.url).netloc
    foreign = [address for address in person.requests if urllib.parse.urlsplit(address).netloc != own]
    return [address for address in foreign if not address.startswith(("about:", "data:"))]


def test_text_stays_text_wherever_it_is_shown(people, server, browser):
    texts = payloads()
    assert len(texts) > 100
    room = texts[0][:128]
    ana = people(browser, "Ana", before=HOOK)
    ana.page.goto(f"{server.url}/room/{urllib.parse.quote(room, safe='')}")
    ana.wait("document.querySelector('[data-testid=name]')")
    ana.find("name").fill(texts[1][:64])
    ana.find("join").click()
    ana.wait_for_room()
    ana.find("toggle-people").click()
    mallory = Guest(server).join(room, "Mallory")
    said = []
    for index, text in enumerate(texts):
        name = text[:64]
        mallory.send("update", {"name": name})
        mallory.send("chat", {"text": text})
        said.append(text)
        if index % 20 == 19:
            ana.wait(f"window.jumpa.store.state.chat.length === {len(said)}")
            assert mallory.round_trip() < 10
            # A sixth of a second each, so that the limit of the rate is kept.
            ana.page.wait_for_timeout(900)
    ana.wait(f"window.jumpa.store.state.chat.length === {len(said)}")
    person = f"[data-testid=person][data-participant='{mallory.id}']"
    last = texts[-1][:64].strip()
    ana.wait(f"document.querySelector(\"{person}\").textContent.includes({last!r})")
    assert ana.page.evaluate(STRANGE) == []
    ana.find("toggle-chat").click()
    ana.wait(f"document.querySelectorAll('[data-testid=chat-message]').length === {len(said)}")
    shown = ana.page.evaluate("() => [...document.querySelectorAll('[data-testid=chat-message] > p')].map(p => p.textContent)")
    assert shown == said
    assert ana.page.evaluate(STRANGE) == []
    # Names on tiles, in notices and in labels, by people who come and go.
    guests = []
    for text in texts[100:112]:
        guests.append(Guest(server).join(room, text[:64]))
    ana.wait(f"document.querySelectorAll('video-tile').length === {len(guests) + 2}")
    ana.wait("document.querySelector('[data-notice=\"notice.joined\"]')")
    assert ana.page.evaluate(STRANGE) == []
    for guest in guests:
        guest.close()
    # Only what the browser's screenshot does may have met the policy, and none was taken.
    assert ana.page.evaluate("window.hits") == []
    assert same_origin(ana) == []
    mallory.close()


@pytest.mark.parametrize("room", ["<img src=x onerror=window.hit()>", "\"><script>window.hit()</script>", "javascript:window.hit()", "{room}", "__proto__"])
def test_the_name_of_a_room_stays_text(people, server, browser, room):
    ana = people(browser, "Ana", before=HOOK)
    ana.page.goto(server.url)
    ana.find("join-room").fill(room)
    ana.find("open-room").click()
    ana.wait("document.querySelector('join-page [data-testid=room-name]')?.textContent.length > 0")
    assert ana.page.evaluate(STRANGE) == []
    ana.page.goto(f"{server.url}/?room={urllib.parse.quote(room)}")
    ana.wait("document.querySelector('[data-testid=room-name]')?.textContent.length > 0")
    assert ana.page.evaluate(STRANGE) == []
    assert ana.page.evaluate("window.hits") == []


@pytest.mark.parametrize("path", ["/", "/room/tea", "/app.js", "/livez", "/nothing/here", "/styles/global.css"])
def test_every_answer_tells_the_browser_to_be_strict(server, path):
    request = urllib.request.Request(server.url + path)
    try:
        answer = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    for loose in ("unsafe-inline", "unsafe-eval", "data:", "blob:", "*", "http:", "https:"):
        assert loose not in policy, policy
    assert "frame-ancestors" in policy or answer.headers["X-Frame-Options"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin", "strict-origin")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_a_whole_meeting_asks_nobody_else_for_anything(people, browser, chromium):
    ana, budi = people(browser, "Ana"), people(chromium, "Budi")
    ana.page.goto(ana.server.url)
    ana.wait("document.querySelector('[data-testid=start]')")
    ana.join("private")
    budi.join("private")
    ana.wait_for_picture(budi.id)
    for tool in ("toggle-screen", "toggle-people", "toggle-chat"):
        ana.find(tool).click()
    ana.find("chat-input").fill("https://evil.example/picture.png")
    ana.find("chat-send").click()
    budi.find("toggle-chat").click()
    budi.wait("document.querySelector('[data-testid=chat-message] a')")
    link = budi.page.locator("[data-testid=chat-message] a")
    assert "noopener" in link.get_attribute("rel") and "noreferrer" in link.get_attribute("rel")
    ana.find("more").click()
    ana.find("settings").click()
    ana.wait("document.querySelector('dialog')?.open")
    for person in (ana, budi):
        assert len(person.requests) > 10
        assert same_origin(person) == []
        # The server is the only place that media goes to.
        remotes = person.page.evaluate(
            """async () => [...new Set([...(await window.jumpa.pc.getStats()).values()]
              .filter(({ type }) => type === 'remote-candidate').map(({ address, ip }) => address ?? ip))]""")
        assert remotes, "no remote candidates"
        assert all(address in (person.server.udp_host, "127.0.0.1") for address in remotes), remotes


def test_a_flood_of_messages_disturbs_no_picture(people, server, chromium):
    ana, budi = people(chromium, "Ana").join("calm"), people(chromium, "Budi").join("calm")
    ana_id = ana.id
    budi.wait_for_picture(ana_id)
    over = threading.Event()

    def flood():
        while not over.is_set():
            flooder = Guest(server).join("calm", "Flooder")
            try:
                while flooder.closed is None:
                    flooder.send_text('{"type":"update","payload":{"name":"Flooder' + str(id(flooder) % 97) + '"}}')
            except Exception:
                pass  # closed for the rate
            flooder.close()
            over.wait(0.5)

    thread = threading.Thread(target=flood)
    thread.start()
    watcher = Guest(server).join("elsewhere", "Watcher")
    waits = []

    def looks_smooth():
        frames = []
        for _ in range(6):
            frames.append(budi.picture(ana_id)["frames"])
            waits.append(watcher.round_trip())
            budi.page.wait_for_timeout(700)
        print(frames)
        return all(later - earlier >= 3 for earlier, later in zip(frames, frames[1:]))

    try:
        # The flood goes on; a picture that only this machine had no time for is looked at again.
        assert any(looks_smooth() for _ in range(3))
    finally:
        over.set()
        thread.join()
    watcher.close()
    assert max(waits) < 1, waits
    # A page that had no time for a second takes the server for lost, until it has looked again.
    budi.wait("window.jumpa.store.state.link === 'connected'")

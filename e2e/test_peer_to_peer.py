"""The example of two browsers that call each other through the simple relay: one of each kind."""

import functools
import http.server
import threading

import pytest

from support.server import ROOT, Server
from support.waiting import wait_until


@pytest.fixture
def example():
    """Examples/PeerToPeer as its README serves it, and a server that allows its origin."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=ROOT / "Examples/PeerToPeer")
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{pages.server_port}"
    server = Server("--allow-origin", origin).start()
    yield origin, server
    server.stop()
    pages.shutdown()


def test_a_chromium_and_a_firefox_call_each_other(example, chromium, firefox):
    origin, server = example
    pages = []
    for browser, name in ((chromium, "chromium"), (firefox, "firefox")):
        page = browser.new_context().new_page()
        page.goto(origin)
        page.fill("[name=server]", server.url.replace("http", "ws"))
        page.fill("[name=user]", name)
        page.get_by_role("button", name="Call").click()
        pages.append(page)
    for page in pages:
        wait_until(page, "document.getElementById('theirs').videoWidth > 0 && document.getElementById('theirs').currentTime > 1")
    pages[0].fill("[name=text]", "hello from here")
    pages[0].get_by_role("button", name="Send").click()
    pages[1].wait_for_selector("text=chromium: hello from here")
    for page in pages:
        page.context.close()

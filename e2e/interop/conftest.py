"""Pairs of stacks: who offers, and who answers."""

import http.server
import os
import threading
from functools import partial
from pathlib import Path

import aiortc
import pytest

from interop.aiortc_peer import AiortcPeer
from interop.peers import BrowserPeer, OurPeer
from interop.report import Report

HERE = Path(__file__).parent
PROGRAM = HERE.parent.parent / os.environ.get("JUMPA_INTEROP_PEER", ".build/release/InteropPeer")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/":
            body = b'<!doctype html><meta charset="utf-8"><title>interop</title>' \
                b'<body><script src="/page.js"></script>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            super().do_GET()


@pytest.fixture(scope="session")
def address():
    handler = partial(_Quiet, directory=str(HERE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()
    thread.join()


@pytest.fixture
def ours():
    peer = OurPeer(PROGRAM)
    yield peer
    peer.close()


@pytest.fixture(params=["chromium", "firefox", "aiortc"])
def theirs(request):
    if request.param == "aiortc":
        peer = AiortcPeer()
    else:
        peer = BrowserPeer(request.getfixturevalue(request.param), request.getfixturevalue("address"))
    yield peer
    peer.close()


@pytest.fixture(params=["they offer", "we offer"])
def pair(request, ours, theirs):
    return (theirs, ours) if request.param == "they offer" else (ours, theirs)


report = Report()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when != "call" or not hasattr(item, "callspec"):
        return
    values = item.callspec.params
    name = item.originalname.removeprefix("test_").replace("_", " ")
    passed = outcome.get_result().passed
    if "pair" in values:
        report.note(name, values["theirs"], values["pair"], passed)
    elif "browser_peer" in values:
        report.note(name, values["browser_peer"], "we offer", passed)


@pytest.fixture(scope="session", autouse=True)
def versions(chromium, firefox):
    report.versions = {
        "chromium": chromium.version, "firefox": firefox.version, "aiortc": aiortc.__version__,
    }


def pytest_sessionfinish():
    if report.is_whole():
        report.write()

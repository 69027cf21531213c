"""Every example does what its README says, in a real browser."""

import hashlib
import os
import subprocess
from pathlib import Path

import av
import pytest

from interop.peers import MEDIA, wait_for

BUILT = Path(__file__).parent.parent / os.environ.get("JUMPA_EXAMPLES", ".build/release")


class Example:
    """A running example, and the address that it printed."""

    def __init__(self, name, *arguments, folder=None):
        self.process = subprocess.Popen(
            [BUILT / name, *arguments], env={**os.environ, "PORT": "0"}, cwd=folder,
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("Open "), line
        self.address = line.removeprefix("Open ").strip()

    def stop(self):
        assert self.process.poll() is None, "the example ended by itself"
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture
def example():
    started = []

    def start(name, *arguments, **options):
        started.append(Example(name, *arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_echo_returns_what_is_sent(example, page):
    page.goto(example("Echo").address)
    page.get_by_text("came back: hello").wait_for()
    page.get_by_role("button", name="Send the time").click()
    page.get_by_text("came back: 20").wait_for()
    assert page.get_by_role("status").inner_text() == "connected"


def decoded(page, kind="video"):
    """Frames decoded so far; of sound, samples that were no silence put in."""
    return page.evaluate(
        """async (kind) => {
          let count = 0;
          for (const entry of (await example.connection.getStats()).values()) {
            if (entry.type !== "inbound-rtp" || entry.kind !== kind) continue;
            count += kind === "video" ? entry.framesDecoded ?? 0
              : (entry.totalSamplesReceived ?? 0) - (entry.concealedSamples ?? 0)
                || (entry.packetsReceived ?? 0) * 960;
          }
          return count;
        }""", kind)


def grows(measure, least, what):
    before = measure()
    wait_for(lambda: measure() >= before + least, what)


def test_data_chat_passes_on_what_each_one_writes(example, browser):
    address = example("DataChat").address
    pages = []
    for name in ("Ana", "Budi"):
        page = browser.new_context().new_page()
        page.on("dialog", lambda dialog, name=name: dialog.accept(name))
        page.goto(address)
        page.get_by_text(f"{name} is here").wait_for()
        pages.append(page)
    pages[0].get_by_label("Message").fill("apa kabar?")
    pages[0].get_by_label("Message").press("Enter")
    for page in pages:
        page.get_by_text("Ana: apa kabar?").wait_for()
    pages[1].evaluate("example.connection.close()")
    pages[0].get_by_text("Budi has left").wait_for()
    for page in pages:
        page.context.close()


def test_play_file_shows_and_sounds(example, page):
    page.goto(example("PlayFile", MEDIA / "picture.ivf", MEDIA / "tone.ogg").address)
    wait_for(lambda: decoded(page) > 0, "a picture")
    grows(lambda: decoded(page), 30, "more pictures, beyond the end of the file")
    grows(lambda: decoded(page, "audio"), 48_000, "a second of sound")


def test_save_camera_writes_files_that_others_can_read(example, page, tmp_path):
    page.goto(example("SaveCamera", folder=tmp_path).address)
    wait_for(lambda: page.get_by_role("status").inner_text() == "connected", "connected")
    wait_for(lambda: (tmp_path / "camera.ivf").exists()
             and (tmp_path / "camera.ivf").stat().st_size > 30_000, "a second of picture")
    page.get_by_role("button", name="Stop").click()
    wait_for(lambda: count_frames(tmp_path / "microphone.ogg") > 20, "the sound can be decoded")
    wait_for(lambda: count_frames(tmp_path / "camera.ivf") > 5, "the picture can be decoded")


def count_frames(path):
    try:
        with av.open(str(path)) as file:
            return sum(1 for _ in file.decode(file.streams[0]))
    except (av.FFmpegError, IndexError):
        return 0


def test_broadcast_reaches_everybody_late_ones_too(example, browser):
    address = example("Broadcast").address
    pages = [browser.new_context().new_page() for _ in range(3)]
    for page in pages:
        page.goto(address)
    pages[0].get_by_role("button", name="Speak").click()
    for viewer in pages[1:]:
        viewer.get_by_role("button", name="Watch").click()
        wait_for(lambda: decoded(viewer) > 10, "the speaker is seen")
    for viewer in pages[1:]:
        grows(lambda: decoded(viewer), 10, "the picture goes on")
    for page in pages:
        page.context.close()


def test_file_transfer_arrives_whole(example, page, tmp_path):
    content = os.urandom(3_000_000)
    (tmp_path / "random.bin").write_bytes(content)
    page.goto(example("FileTransfer", "random.bin", folder=tmp_path).address)
    page.get_by_text(f"random.bin: 3000000 bytes, SHA-256 {hashlib.sha256(content).hexdigest()}").wait_for()


@pytest.mark.parametrize("name, said", [
    ("PerfectNegotiation", "both tracks are agreed on"),
    ("VirtualTime", "100 messages arrived in order"),
    ("TwoAgents", "a path was found"),
])
def test_examples_without_a_page_say_what_they_did(name, said):
    finished = subprocess.run([BUILT / name], capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0 and said in finished.stdout

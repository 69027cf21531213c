"""Chromium and Firefox as Debian ships them, with made-up cameras and real sound measurement."""

import contextlib
import os
import shutil
import subprocess
import tempfile

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=device-count=2,fps=20",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

FIREFOX_PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.loopback": True,
    # A busy machine shall not shrink the pictures that tests look for.
    "media.peerconnection.video.lock_scaling": True,
    "media.autoplay.default": 0,
    "media.autoplay.block-webaudio": False,
    "dom.min_background_timeout_value": 10,
}


@contextlib.contextmanager
def sound_server():
    """Firefox's AudioContext stands still without a sound system; this is a silent one of our own."""
    with tempfile.TemporaryDirectory(prefix="jumpa-pulse-") as folder:
        os.chmod(folder, 0o700)
        environment = {**os.environ, "XDG_RUNTIME_DIR": folder, "HOME": folder}
        process = subprocess.Popen(
            [
                "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1",
                "--load=module-native-protocol-unix", "--load=module-null-sink sink_name=n",
            ],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        previous = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = folder
        try:
            yield
        finally:
            if previous is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = previous
            process.terminate()
            process.wait(timeout=10)


def launch_chromium(playwright, *flags, without=()):
    kept = [flag for flag in CHROMIUM_FLAGS if flag not in without]
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*kept, *flags])


def launch_firefox(playwright, **preferences):
    return playwright.firefox.launch(
        channel="moz-firefox", executable_path=shutil.which("firefox-esr"),
        firefox_user_prefs={**FIREFOX_PREFERENCES, **preferences},
    )

"""aiortc behind the same face, on a thread with an event loop of its own."""

import asyncio
import fractions
import threading
import time

import numpy
from aiortc import (
    AudioStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame


def pattern(count, seed):
    indexes = numpy.arange(count, dtype=numpy.int64)
    return ((seed + indexes * 31 + (indexes >> 8)) & 255).astype(numpy.uint8).tobytes()


class Tone(AudioStreamTrack):
    """600 Hz."""

    _start = None
    _position = 0

    async def recv(self):
        if self._start is None:
            self._start = time.monotonic()
        wait = self._start + self._position / 48000 - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        at = (numpy.arange(960) + self._position) / 48000
        samples = (numpy.sin(2 * numpy.pi * 600 * at) * 8000).astype(numpy.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = 48000
        frame.pts = self._position
        frame.time_base = fractions.Fraction(1, 48000)
        self._position += 960
        return frame


class Picture(VideoStreamTrack):
    """A field of colour that changes."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        picture = numpy.full((240, 320, 3), (pts // 3000) * 5 % 255, dtype=numpy.uint8)
        frame = VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = pts
        frame.time_base = time_base
        return frame


class AiortcPeer:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.channels = {}
        self.received = {}
        self.picture = {"width": 0, "frames": 0}
        self.samples = []
        self.senders = {}
        self.connection = self._run(self._open())

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(90)

    async def _open(self):
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.on("datachannel", self._adopt)
        connection.on("track", lambda track: asyncio.ensure_future(self._watch(track)))
        return connection

    def _adopt(self, channel):
        self.channels[channel.label] = channel
        messages = self.received.setdefault(channel.label, [])

        def note(data):
            if isinstance(data, str):
                count = len(data.encode())
                messages.append({"text": data[:100], "byteCount": count, "isPattern": None})
            else:
                wanted = pattern(len(data), data[0] if data else 0)
                messages.append({"text": None, "byteCount": len(data), "isPattern": data == wanted})

        channel.on("message", note)

    async def _watch(self, track):
        try:
            while True:
                frame = await track.recv()
                if track.kind == "video":
                    self.picture = {
                        "width": frame.width, "frames": self.picture["frames"] + 1}
                else:
                    samples = frame.to_ndarray().reshape(-1)
                    self.samples = [*self.samples[-40:], samples[:: len(frame.layout.channels)]]
                    self.rate = frame.sample_rate
        except MediaStreamError:
            pass

    async def _described(self, description):
        await self.connection.setLocalDescription(description)
        made = self.connection.localDescription
        return {"type": made.type, "sdp": made.sdp}

    def offer(self, restart=False):
        async def make():
            return await self._described(await self.connection.createOffer())
        return self._run(make())

    def answer(self, offer):
        async def make():
            await self.connection.setRemoteDescription(RTCSessionDescription(**_named(offer)))
            return await self._described(await self.connection.createAnswer())
        return self._run(make())

    def accept(self, answer):
        self._run(self.connection.setRemoteDescription(RTCSessionDescription(**_named(answer))))

    def state(self):
        return self.connection.connectionState

    def channel(self, label, options):
        async def make():
            self._adopt(self.connection.createDataChannel(label, **options))
        self._run(make())
        return label

    def find_channel(self, label):
        channel = self.channels.get(label)
        return channel and {
            "ordered": channel.ordered, "protocol": channel.protocol,
            "maxRetransmits": channel.maxRetransmits,
            "maxPacketLifeTime": channel.maxPacketLifeTime,
        }

    def is_open(self, label):
        return label in self.channels and self.channels[label].readyState == "open"

    def is_closed(self, label):
        return self.channels[label].readyState == "closed"

    async def _send(self, label, data):
        self.channels[label].send(data)

    def send_text(self, label, text):
        self._run(self._send(label, text))

    def send_bytes(self, label, count, seed):
        self._run(self._send(label, pattern(count, seed)))

    def messages(self, label):
        return list(self.received.get(label, []))

    def close_channel(self, label):
        async def close():
            self.channels[label].close()
        self._run(close())

    def add_track(self, kind):
        async def add():
            self.senders[kind] = self.connection.addTrack(Tone() if kind == "audio" else Picture())
        self._run(add())

    def video(self):
        return self.picture

    def hears(self):
        if len(self.samples) < 20:
            return 0
        heard = numpy.concatenate(self.samples[-20:]).astype(float)
        spectrum = numpy.abs(numpy.fft.rfft(heard * numpy.hanning(len(heard))))
        if heard.std() < 100:
            return 0
        return float(numpy.argmax(spectrum) * self.rate / len(heard))

    def close(self):
        self._run(self.connection.close())
        self.loop.call_soon_threadsafe(self.loop.stop)


def _named(description):
    return {"type": description["type"], "sdp": description["sdp"]}

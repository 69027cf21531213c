"""Two connections of aiortc, each in a process of its own, over sockets on loopback: the same as DataChannelBenchmark
does with ours. Prints JSON."""

import asyncio
import json
import multiprocessing
import os
import resource
import sys
import time

import aioice.ice
from aiortc import RTCPeerConnection, RTCSessionDescription

MESSAGE = bytes(64 << 10)
BUFFER_LIMIT = 4 << 20

# Loopback alone, as for the others.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def processor_time():
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


async def receive(pipe):
    return await asyncio.get_running_loop().run_in_executor(None, pipe.recv)


async def answer(pipe, echoes):
    """The callee: counts what comes, or sends it back, until it is told to tell."""
    connection = RTCPeerConnection()
    counted = [0]

    @connection.on("datachannel")
    def opened(channel):
        @channel.on("message")
        def arrived(message):
            counted[0] += len(message)
            if echoes:
                channel.send(message)

    await connection.setRemoteDescription(RTCSessionDescription(await receive(pipe), "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    pipe.send(connection.localDescription.sdp)
    while await receive(pipe):
        pipe.send((counted[0], processor_time()))
    await connection.close()


async def call(pipe, body):
    connection = RTCPeerConnection()
    channel = connection.createDataChannel("benchmark")
    opened = asyncio.Event()
    channel.on("open", opened.set)
    await connection.setLocalDescription(await connection.createOffer())
    pipe.send(connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(await receive(pipe), "answer"))
    await opened.wait()
    result = await body(channel, pipe)
    pipe.send(False)
    await connection.close()
    return result


async def throughput(channel, pipe, seconds):
    room = asyncio.Event()
    channel.bufferedAmountLowThreshold = BUFFER_LIMIT // 2
    channel.on("bufferedamountlow", room.set)

    async def send():
        while True:
            while channel.bufferedAmount < BUFFER_LIMIT:
                channel.send(MESSAGE)
                await asyncio.sleep(0)
            room.clear()
            await room.wait()

    async def look():
        pipe.send(True)
        count, processor = await receive(pipe)
        return time.monotonic(), count, processor + processor_time()

    sending = asyncio.create_task(send())
    await asyncio.sleep(1)
    start = await look()
    await asyncio.sleep(seconds)
    end = await look()
    sending.cancel()
    gigabits = (end[1] - start[1]) * 8 / 1e9
    return [
        ("throughput", gigabits * 1000 / (end[0] - start[0]), "Mbit/s"),
        ("both ends", (end[2] - start[2]) / gigabits, "CPU-s/Gbit"),
    ]


async def latency(channel, pipe, rounds):
    answers = asyncio.Queue()
    channel.on("message", answers.put_nowait)
    times = []
    for round_number in range(rounds + 100):
        start = time.monotonic()
        channel.send(b"\1")
        await answers.get()
        if round_number >= 100:
            times.append((time.monotonic() - start) * 1e6)
    times.sort()
    return [
        ("round trip, median", times[len(times) // 2], "µs"),
        ("round trip, p99", times[len(times) * 99 // 100], "µs"),
    ]


def measure(body, echoes):
    ours, theirs = multiprocessing.Pipe()
    if os.fork() == 0:
        asyncio.run(answer(theirs, echoes))
        os._exit(0)
    result = asyncio.run(call(ours, body))
    os.wait()
    return result


if __name__ == "__main__":
    seconds = int(sys.argv[1])
    results = measure(lambda channel, pipe: throughput(channel, pipe, seconds), echoes=False)
    results += measure(lambda channel, pipe: latency(channel, pipe, 1000), echoes=True)
    print(json.dumps([{"name": n, "value": round(v, 3), "unit": u} for n, v, u in results]))

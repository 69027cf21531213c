"""One reliable data channel on loopback through DTLS: ours, aiortc's and Pion's, each with itself, in one run.

    .build/venv/bin/python Benchmarks/data_channels.py [seconds]

Prints one JSON object. Pion comes from Debian (golang-github-pion-webrtc.v3-dev, golang-go) and is left out where it is
not installed.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GO_SOURCES = Path("/usr/share/gocode/src/github.com/pion/webrtc")


def pion(seconds):
    if not shutil.which("go") or not GO_SOURCES.exists():
        return None
    # A package's major version is only understood of sources within the path of Go's packages.
    sources = ROOT / ".build/go/src/pion_ends"
    program = ROOT / ".build/pion_ends"
    shutil.copytree(ROOT / "Benchmarks/peers/pion", sources, dirs_exist_ok=True)
    path = f"{ROOT / '.build/go'}:/usr/share/gocode"
    subprocess.run(
        ["go", "build", "-o", program, "."], cwd=sources, check=True,
        env=os.environ | {"GO111MODULE": "off", "GOPATH": path})
    return [program, seconds]


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "10"
    programs = {
        "ours": [ROOT / ".build/release/DataChannelBenchmark", "throughput", "latency", f"seconds={seconds}"],
        "pion": pion(seconds),
        "aiortc": [sys.executable, ROOT / "Benchmarks/peers/aiortc_ends.py", seconds],
    }
    results = {}
    for name, command in programs.items():
        if command is None:
            print(f"{name} is not installed", file=sys.stderr)
            continue
        load = os.getloadavg()[0]
        output = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, check=True).stdout
        results[name] = {"load": round(load, 1), "results": json.loads(output)}
    print(json.dumps(results, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()

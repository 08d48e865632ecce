"""`python -m simulator --port 8800`: the platform on a socket until Ctrl+C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.clock import BadTime, parse_moment
from simulator.hospital import BadHospital, load
from simulator.serve import running
from simulator.state import Pace, Simulator


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    try:
        hospital = load(args.hospital) if args.hospital else None
        now = parse_moment(args.now) if args.now else None
        asyncio.run(_serve(Simulator(hospital, now, Pace(retry_wait=args.retry_wait)), args))
    except (BadHospital, BadTime, OSError) as problem:
        sys.stderr.write(f"simulator: {problem}\n")
        return 2
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="A WeCom and a DingTalk.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8800, help="0 lets the system choose")
    parser.add_argument("--hospital", type=Path, help="JSON file, see simulator/README.md")
    parser.add_argument("--now", help="start of the clock, e.g. 2026-12-01T19:30 (Shanghai)")
    parser.add_argument("--retry-wait", type=float, default=1.0, help="seconds before a retry")
    return parser.parse_args(argv)


async def _serve(simulator: Simulator, args: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with running(simulator, args.host, args.port) as address:
        sys.stdout.write(f"simulator: {address}/\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())

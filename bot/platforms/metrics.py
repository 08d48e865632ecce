"""Counters that every platform shares; labels are ours, never content."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CALLBACKS = Counter("wardbell_callbacks_total", "Callbacks by outcome", ["platform", "result"])
CALLS = Counter(
    "wardbell_platform_calls_total",
    "Calls to a platform by outcome",
    ["platform", "api", "result"],
)
CALL_SECONDS = Histogram(
    "wardbell_platform_call_seconds",
    "Seconds from calling a platform to its whole answer",
    ["platform", "api"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
STREAMS = Gauge("wardbell_stream_connections", "Open inbound sockets", ["platform"])
FRAMES = Counter("wardbell_stream_frames_total", "Frames by outcome", ["platform", "result"])

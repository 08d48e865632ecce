"""python -m bot understand: one JSON object a line, at once; a wrong time ends with code 2."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bot.cli import app

ROOT = __file__.rsplit("/tests/", 1)[0]
COMMAND = [sys.executable, "-m", "bot", "understand"]
TIMES = ["--now", "2026-12-04T09:00", "--offered", "2026-12-09T10:00"]


def run(arguments: list[str], replies: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        input=replies,
        capture_output=True,
        cwd=ROOT,
        timeout=200,
        check=False,
    )


def test_each_line_gets_one_object() -> None:
    replies = "好的\r\n\n那天我值班，周四下午行吗\n不考虑了\n改早一小时\n".encode() + b"\xff\xfe\n"
    done = run(TIMES, replies + "可以吗".encode())
    assert done.returncode == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"intent": "confirm", "when": None},
        {"intent": "unclear", "when": None},
        {"intent": "reschedule", "when": "2026-12-10"},
        {"intent": "decline", "when": None},
        {"intent": "reschedule", "when": "2026-12-09T09:00"},
        {"intent": "unclear", "when": None},
        {"intent": "question", "when": None},
    ]


def test_whatever_bytes_come_each_line_gets_its_object() -> None:
    lines = [
        "好的".encode() * 200_000,  # megabytes, no newline within
        b"",
        "\ufeff好的".encode(),
        b"\x00\x1b[31m\xff\xfe",
        "好的\u2028可以\x0b\x0c".encode(),  # lines end at a newline only
        b"x" * (1 << 16),
        "不去了".encode(),
    ]
    done = run(TIMES, b"\n".join(lines))
    told = [json.loads(line)["intent"] for line in done.stdout.splitlines()]
    assert (done.returncode, len(told)) == (0, len(lines))
    assert told[:3] == ["unclear", "unclear", "confirm"]
    assert (told[3], told[5:]) == ("unclear", ["unclear", "decline"])


def test_without_standard_input_it_says_so() -> None:
    command = shlex.join([*COMMAND, *TIMES]) + " <&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, cwd=ROOT, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"standard input" in done.stderr
    assert b"Traceback" not in done.stderr


def test_several_offers_and_the_reasons() -> None:
    done = run([*TIMES, "--offered", "2026-12-10T06:00Z", "--why"], "第二个可以\n".encode())
    told = json.loads(done.stdout)
    assert (told["intent"], told["when"]) == ("confirm", "2026-12-10T14:00")
    assert told["also_asks"] is False
    assert "可以" in told["why"]


def test_an_answer_comes_before_the_next_reply_is_asked_for() -> None:
    with subprocess.Popen(
        [*COMMAND, *TIMES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as talk:
        assert talk.stdin is not None
        assert talk.stdout is not None
        for reply, intent in (("好的", "confirm"), ("换时间", "reschedule")):
            talk.stdin.write(f"{reply}\n".encode())
            talk.stdin.flush()
            assert json.loads(talk.stdout.readline())["intent"] == intent
        talk.stdin.close()
        assert talk.wait(200) == 0


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--now", "tomorrow", *TIMES[2:]], "--now"),
        (["--now", "2026-12-04", *TIMES[2:]], "--now"),
        (["--now", "0001-01-01T00:00+14:00", *TIMES[2:]], "--now"),
        ([*TIMES[:2], "--offered", "2026-13-01T10:00"], "--offered"),
        ([*TIMES, "--offered", ""], "--offered"),
        (TIMES[:2], "--offered"),
        (TIMES[2:], "--now"),
    ],
)
def test_a_wrong_time_is_told_and_nothing_is_read(arguments: list[str], option: str) -> None:
    done = CliRunner().invoke(app, ["understand", *arguments], input="好的\n")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert option in done.stderr

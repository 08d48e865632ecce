"""Files that commands read and write: bounded, private, and with a cure where it does not go."""

from __future__ import annotations

import os
from pathlib import Path

from services.sheets.limits import MAX_BYTES

PRIVATE = 0o600  # people's names, shifts and numbers stand in what is written


class FileRefused(Exception):
    """The file cannot be read or written; the message says why and what to do."""


def read(file: Path) -> bytes:
    """The file, up to one byte more than a sheet may have. Raises FileRefused."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileRefused(f"没有读到 {file}：{_why(error)}。请给出一个可以读取的文件。") from error


def read_text(file: Path) -> str:
    """Raises FileRefused, also for what is no UTF-8."""
    try:
        return read(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(f"{file} 不是UTF-8文字。请另存为UTF-8后再导入。") from error


def write(file: Path, content: bytes) -> None:
    """Write it for its owner alone; an older file keeps nothing. Raises OSError."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(opened, "wb") as out:
        os.fchmod(out.fileno(), PRIVATE)
        out.write(content)


def _why(error: OSError) -> str:
    return os.strerror(error.errno or 0)

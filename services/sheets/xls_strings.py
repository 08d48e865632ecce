"""How long each shared text of an .xls is, to price the cells that refer to it."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from services.sheets.problems import SheetRefused

_RICH, _EXTENDED, _WIDE = 8, 4, 1


class _Cursor:
    """Reads on through the blocks of one record and its continuations."""

    def __init__(self, blocks: Sequence[bytes]) -> None:
        self._blocks = blocks
        self._block = 0
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._blocks[self._block]) - self._at

    def turn(self) -> None:
        """Go to the next block. Raises SheetRefused when there is none."""
        self._block += 1
        self._at = 0
        if self._block >= len(self._blocks):
            raise SheetRefused("broken_file")

    def take(self, form: str) -> int:
        if not self.left:
            self.turn()
        value = int(struct.unpack_from(form, self._blocks[self._block], self._at)[0])
        self._at += struct.calcsize(form)
        return value

    def skip(self, count: int) -> None:
        while count > self.left:
            count -= self.left
            self.turn()
        self._at += count

    def skip_text(self, characters: int, wide: int) -> None:
        """Each continuation repeats the flag that says how wide its characters are."""
        while characters > self.left // (1 + wide):
            characters -= self.left // (1 + wide)
            self.turn()
            wide = self.take("<B") & _WIDE
        self._at += characters * (1 + wide)


def shared_lengths(blocks: Sequence[bytes]) -> list[int]:
    """Characters of every text of an SST record given with its continuations.

    Raises SheetRefused or struct.error when the record claims more than it holds.
    """
    cursor = _Cursor(blocks)
    cursor.skip(4)
    count = cursor.take("<I")
    if count > sum(map(len, blocks)) // 3:
        raise SheetRefused("broken_file")
    return [_length(cursor) for _ in range(count)]


def _length(cursor: _Cursor) -> int:
    characters = cursor.take("<H")
    flags = cursor.take("<B")
    runs = cursor.take("<H") if flags & _RICH else 0
    extension = cursor.take("<I") if flags & _EXTENDED else 0
    cursor.skip_text(characters, flags & _WIDE)
    cursor.skip(runs * 4 + extension)
    return characters

"""Chinese text on a picture, in fonts of our own: never a box, wherever it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONTS = Path(__file__).parent / "fonts"
_REGULAR, _BOLD = FONTS / "NotoSansSC-Regular.otf", FONTS / "NotoSansSC-Bold.otf"
_ABSENT = "\U0010fffd"  # no font has it: what is drawn for it is the box
_ELLIPSIS = "…"
_NEVER_FIRST = frozenset("，。；：！？、)%”")
_NEVER_LAST = frozenset("(“")

Colour = str | tuple[int, int, int]


class Undrawable(Exception):
    """No font at hand has these characters. Names the cure."""

    def __init__(self, characters: str) -> None:
        super().__init__(
            f"图里的字体没有这些字：{'、'.join(characters)}。请用 --font 指定有这些字的字体文件，"
            "或把名称改用常用字；表格和 CSV 不受影响。"
        )


class Canvas:
    """A page of `size` pixels. `more` are font files that are asked for what ours do not have."""

    def __init__(self, size: tuple[int, int], more: Sequence[Path] = (), paper: str = "white"):
        self.image = Image.new("RGB", size, paper)
        self.pen = ImageDraw.Draw(self.image)
        self.more = tuple(more)

    def text(
        self,
        at: tuple[float, float],
        text: str,
        size: int,
        *,
        bold: bool = False,
        colour: Colour = "black",
        align: str = "left",
    ) -> float:
        """One line whose baseline is at `at`; its width. Raises Undrawable."""
        width = self.width(text, size, bold=bold)
        x, y = at
        x -= {"left": 0.0, "middle": width / 2, "right": width}[align]
        for font, run in self._runs(text, size, bold):
            self.pen.text((x, y), run, font=font, fill=colour, anchor="ls")
            x += font.getlength(run)
        return width

    def width(self, text: str, size: int, *, bold: bool = False) -> float:
        return sum(font.getlength(run) for font, run in self._runs(text, size, bold))

    def cut(self, text: str, size: int, room: float, *, bold: bool = False) -> str:
        """As much of one line as there is room for, ending in … when something is missing."""
        if self.width(text, size, bold=bold) <= room:
            return text
        while text and self.width(text + _ELLIPSIS, size, bold=bold) > room:
            text = text[:-1]
        return text + _ELLIPSIS

    def lines(self, text: str, size: int, room: float) -> list[str]:
        """The text broken so that each line fits; Chinese may break anywhere but before ，and )
        and after (, where the sign stays with its neighbour."""
        lines = [""]
        for character in text:
            wider = lines[-1] + character
            if self.width(wider, size) <= room or character in _NEVER_FIRST:
                lines[-1] = wider
            elif wider[-2:-1] in _NEVER_LAST and len(wider) > 2:
                lines[-1] = wider[:-2]
                lines.append(wider[-2:])
            else:
                lines.append(character)
        return lines

    def box(
        self,
        corners: tuple[float, float, float, float],
        colour: Colour,
        *,
        radius: float = 0,
        outline: Colour | None = None,
    ) -> None:
        if corners[2] > corners[0] and corners[3] > corners[1]:
            self.pen.rounded_rectangle(corners, radius, fill=colour, outline=outline, width=2)

    def line(self, ends: tuple[float, float, float, float], colour: Colour, width: int) -> None:
        self.pen.line(ends, fill=colour, width=width)

    def png(self, dots_per_inch: int) -> bytes:
        data = BytesIO()
        self.image.save(data, "PNG", dpi=(dots_per_inch, dots_per_inch))
        return data.getvalue()

    def _runs(
        self, text: str, size: int, bold: bool
    ) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        """The text in stretches of one font each. Raises Undrawable."""
        files = ((_BOLD,) if bold else ()) + (_REGULAR, *self.more)
        chosen = [next((file for file in files if has(file, one)), None) for one in text]
        missing = [one for one, file in zip(text, chosen, strict=True) if file is None]
        if missing:
            raise Undrawable("".join(dict.fromkeys(missing)))
        for file, run in groupby(zip(chosen, text, strict=True), key=lambda pair: pair[0]):
            assert file is not None
            yield _font(file, size), "".join(character for _, character in run)


@cache
def has(file: Path, character: str) -> bool:
    """Whether the font has a glyph of its own for this character, and not the box."""
    font = _font(file, 40)
    return character.isprintable() and _shape(font, character) != _shape(font, _ABSENT)


def _shape(font: ImageFont.FreeTypeFont, character: str) -> tuple[bytes, tuple[int, int]]:
    mask = font.getmask(character)
    return bytes(mask), mask.size


@cache
def _font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)

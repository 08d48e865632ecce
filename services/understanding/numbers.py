"""Small whole numbers as people type them: 3, 12, 三, 十二, 二十三, 两."""

from __future__ import annotations

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4} | {
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
HAN = "[零〇一二两三四五六七八九十]{1,3}"
NUMBER = rf"(?:(?<!\d)\d{{1,2}}|{HAN})"


def read_number(text: str) -> int | None:
    """0 … 99. 三四 (three or four) is 3; None for what is no number, such as 十十."""
    if text.isdecimal():
        return int(text)
    if len(text) == 2 and text[0] in "零〇":  # 三点零五
        text = text[1]
    tens, ten, ones = text.partition("十")
    if not ten:
        return _DIGITS.get(text[:1])
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return None
    return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)

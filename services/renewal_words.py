"""What a nurse writes beside a photo of a new licence, taken apart. No database, no clock.

`护士证下来了 2031/10/31`, `新证有效期到2031年10月31日`, `BLS 到 2028.12`, `长期`. What could mean
two things is told as such and never guessed: somebody is asked instead.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.licence_kinds import LicenceKinds

LONGEST = 500  # characters that are looked at


class Doubt(StrEnum):
    """Why no end could be taken from the words, although there is something like one."""

    NO_SUCH_DAY = "no_such_day"  # 2月30日
    TWO_ENDS = "two_ends"  # two days, or a day and 长期
    BACKWARDS = "backwards"  # it ends before it begins


@dataclass(frozen=True, slots=True)
class Claim:
    """`kinds` are the keys of the licences named; `end` or `perpetual` is until when.

    `shared` is a name that several professions use for their own (执业证), as it was said.
    `began` is a day that was said to be the begin (发证, 起). `number` is the certificate's.
    """

    kinds: tuple[str, ...] = ()
    end: date | None = None
    perpetual: bool = False
    began: date | None = None
    number: str = ""
    doubt: Doubt | None = None
    shared: str = ""

    @property
    def says_until(self) -> bool:
        return self.end is not None or self.perpetual

    @property
    def tells_until(self) -> bool:
        """Whether something was said of the end, be it clear or not."""
        return self.says_until or self.doubt is not None

    @property
    def says_anything(self) -> bool:
        return bool(self.kinds or self.shared) or self.tells_until or self.began is not None

    def after(self, known: Claim) -> Claim:
        """What was said last counts; what it leaves out stays as it was known."""
        until = self if self.tells_until else known
        return Claim(
            kinds=self.kinds or (() if self.shared else known.kinds),
            end=until.end,
            perpetual=until.perpetual,
            began=self.began or known.began,
            number=self.number or known.number,
            doubt=until.doubt,
            shared=self.shared or ("" if self.kinds else known.shared),
        )


class _Role(StrEnum):
    PLAIN = "plain"
    END = "end"
    BEGIN = "begin"
    NOT = "not"  # the old one, or one that was taken back


@dataclass(frozen=True, slots=True)
class _Day:
    day: date | None
    role: _Role


_SEP = r"(?:\s*[-./年]\s*|\s+)"
_SEP2 = r"(?:\s*[-./月]\s*|\s+)"
_DATE = re.compile(
    rf"(?<![\d./])(?:"
    rf"(?P<y>(?:19|20)\d\d){_SEP}(?P<m>\d{{1,2}}){_SEP2}(?P<d>\d{{1,2}})(?!\d)\s*[日号]?"
    rf"|(?P<sy>\d\d)年(?P<sm>\d{{1,2}})月(?P<sd>\d{{1,2}})[日号]?"
    rf"|(?P<digits>20\d\d(?:0\d|1[0-2])[0-3]\d)(?!\d)"
    rf"|(?P<my>20\d\d)(?:\s*[-./年]\s*)(?P<mm>\d{{1,2}})(?![\d./-]|\s*[-./]\s*\d)月?底?"
    rf"|(?P<am>0?[1-9]|1[0-2])/(?P<ay>20\d\d)(?![\d./-])"
    rf")"
)
_FOREVER = re.compile(
    r"(?<!不是)(?<!非)(?:(?:永久|长期)有效|无固定期限|没有期限|无期限|不限期|永久"
    r"|长期(?=$|[^\u4e00-\u9fff]|的|吧|了|哦|呢))"
)
_CHINESE_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_CHINESE_DATE = re.compile(
    r"(?P<y>二[〇零一二三四五六七八九]{3})年(?P<m>[一二三四五六七八九十]{1,2})月"
    r"(?:(?P<d>[一二三四五六七八九十]{1,3})[日号])?"
)
_BEFORE_END = re.compile(
    r"(?:至|到|止|截止|有效期|有效期限|有效|到期|期限|过期|续到|延到|新证|\d\s*[-~—–－]+)"
    r"(?:日期|时间|日|为|是|至|到|[::])*\s*$"
)
_BEFORE_BEGIN = re.compile(
    r"(?:发证|签发|发放|注册|批准|颁发|领证|起始|开始|考核|完成|取得|自|从|延续|换证|办理)"
    r"(?:日期|时间|日|为|是|于|在|[::])*\s*$"
)
_BEFORE_NOT = re.compile(
    r"(?:不是|不对|写成|写错|错的是|原来|原先|之前|以前|旧证|老证|旧的|原有效期|原证|上次)"
    r"[^\d,;。]{0,6}$"
)
_AFTER_END = re.compile(r"\s*(?:到期|止|截止|为止|过期|前有效)")
_AFTER_BEGIN = re.compile(r"\s*(?:起|发证|发的|签发|发放|办的|办好|办下|拿到|注册|考核|考的|完成)")
_RANGE = re.compile(r"\s*(?:[-~—–－]+|至|到)\s*$")
_THEN_A_DAY = re.compile(r"\s*(?:[-~—–－]+|至|到)\s*(?:20)?\d\d[-./年]")
_NUMBER = re.compile(
    r"(?:编号|证号|证书号|注册号|号码)\s*(?:是|为|[::])?\s*(?P<told>[A-Za-z0-9][A-Za-z0-9-]{5,30})"
    r"|(?<!\d)(?P<bare>\d{12,20})(?!\d)"
)


def read_claim(text: str, kinds: LicenceKinds) -> Claim:
    """Whatever the words say of licence, end and number; an empty claim for other words."""
    plain = _plain(text)
    number = _NUMBER.search(plain)
    told = (number["told"] or number["bare"]) if number else ""
    dated = plain.replace(told, "#") if told else plain
    named = tuple(dict.fromkeys(_named(dated, kinds)))
    shared = next((name for name in named if name in kinds.shared), "")
    named = tuple(name for name in named if name not in kinds.shared)
    days = list(_days(dated))
    began = next((day.day for day in days if day.role is _Role.BEGIN and day.day), None)
    end, perpetual, doubt = _until(days, bool(_FOREVER.search(dated)))
    if doubt is None and began is not None and end is not None and began >= end:
        end, doubt = None, Doubt.BACKWARDS
    return Claim(named, end, perpetual, began, told, doubt, "" if named else shared)


def _plain(text: str) -> str:
    """One spelling of figures and signs; Chinese figures of a date become digits."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST])
    return _CHINESE_DATE.sub(_in_digits, folded)


def _in_digits(found: re.Match[str]) -> str:
    year = found["y"].replace("二", "2", 1).translate(_CHINESE_DIGITS)
    day = f"{_small(found['d'])}日" if found["d"] else ""
    return f"{year}年{_small(found['m'])}月{day}"


def _small(text: str) -> int:
    """十 → 10, 三十一 → 31."""
    if "十" not in text:
        return int(text.translate(_CHINESE_DIGITS))
    tens, _, ones = text.partition("十")
    high = int(tens.translate(_CHINESE_DIGITS)) if tens else 1
    return high * 10 + (int(ones.translate(_CHINESE_DIGITS)) if ones else 0)


def _named(text: str, kinds: LicenceKinds) -> Iterator[str]:
    """Keys of the kinds that are named, the longest names first: 护士资格证 is not 资格证.

    A name that several professions share is given as it is.
    """
    rest = text.lower()
    for key, name in _longest_first(kinds):
        spelled = name.lower()
        if _stands_alone(spelled, rest):
            rest = rest.replace(spelled, "|")
            yield key


def _longest_first(kinds: LicenceKinds) -> Sequence[tuple[str, str]]:
    """(key, name) of every kind; a shared name stands for itself."""
    names = [(kind.key, n) for kind in kinds for n in kind.names if n not in kinds.shared]
    return sorted([*names, *((n, n) for n in kinds.shared)], key=lambda pair: -len(pair[1]))


def _stands_alone(name: str, text: str) -> bool:
    """BLS is not a part of another Latin word."""
    if not name.isascii():
        return name in text
    return re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text) is not None


def _days(text: str) -> Iterator[_Day]:
    at = 0
    for found in _DATE.finditer(text):
        before, after = text[at : found.start()], text[found.end() :]
        role = _role(text[max(at - 1, 0) : found.start()], before, after, first=at == 0)
        yield _Day(_day(found), role)
        at = found.end()


def _role(around: str, before: str, after: str, *, first: bool) -> _Role:
    """What a day is, from the words at both sides of it. `around` begins one character earlier."""
    if _BEFORE_NOT.search(before):
        return _Role.NOT
    if _AFTER_END.match(after):
        return _Role.END
    if _AFTER_BEGIN.match(after):
        return _Role.BEGIN
    if not first and _RANGE.fullmatch(before):
        return _Role.END
    if _THEN_A_DAY.match(after) or _BEFORE_BEGIN.search(before):
        return _Role.BEGIN
    return _Role.END if _BEFORE_END.search(around) else _Role.PLAIN


def _day(found: re.Match[str]) -> date | None:
    """None for a day that does not exist."""
    part = found.groupdict()
    if part["digits"]:
        digits = part["digits"]
        return _valid(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if part["y"]:
        return _valid(int(part["y"]), int(part["m"]), int(part["d"]))
    if part["sy"]:
        return _valid(2000 + int(part["sy"]), int(part["sm"]), int(part["sd"]))
    year, month = int(part["my"] or part["ay"]), int(part["mm"] or part["am"])
    if not 1 <= month <= 12:
        return None
    return date(year, month, calendar.monthrange(year, month)[1])


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _until(days: Sequence[_Day], forever: bool) -> tuple[date | None, bool, Doubt | None]:
    """The end, 长期, or why neither can be told."""
    ends = [day for day in days if day.role is _Role.END]
    said = ends or [day for day in days if day.role is _Role.PLAIN]
    if any(day.day is None for day in said):
        return None, False, Doubt.NO_SUCH_DAY
    found = {day.day for day in said if day.day is not None}
    if len(found) > 1 or (found and forever):
        return None, False, Doubt.TWO_ENDS
    return (found.pop() if found else None), forever, None

"""One regular expression for the pieces of a time, made from the vocabulary. Every quantifier is
bounded, so that looking at any text takes time linear in its length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from services.understanding.numbers import HAN, NUMBER

_N = NUMBER
_ISO = r"(?<!\d)(?P<iso_y>20\d\d)[-./年](?P<iso_m>\d{1,2})[-./月](?P<iso_d>\d{1,2})[日号]?"
_MONTH_DAY = rf"(?P<md_m>{_N})月份?(?P<md_d>{_N})[日号]?"
_NEXT_MONTH = rf"(?P<nm_which>下个?月|这个?月|本月|当月)(?P<nm_d>{_N})[日号]"
_WEEK = (
    r"(?P<week_of>下下个?|下个?|这个?|本)?(?:周|星期|礼拜)"
    r"(?P<week_day>[一二三四五六日天]|[1-7](?!\d))"
)
_DAY = rf"(?P<day_n>{_N})[日号](?![楼线院门口机床诊])"
_POINT = (
    r"(?<![\d.:])(?P<pt_a>\d{1,2})(?P<pt_sign>[./-])(?P<pt_b>\d{1,2})(?![\d点:]|[./-]\d)[日号]?"
)
_MINUTE = rf"(?P<minute>\d{{2}}|\d(?=分)|{HAN}(?=分)|[二三四五]?十[一二三四五六七八九]?)分?"
_CLOCK_END = rf"(?:钟|整)?(?:(?P<half>半|一刻|三刻)|{_MINUTE})?"
_A_LITTLE = "晚早快慢远近多少好大小有差高低长短强弱轻重贵松紧难"  # 晚一点 is no hour
_CLOCK = (
    rf"(?:(?P<from>(?<!\d)\d{{1,2}}|{HAN})[-~到至])?"
    rf"(?P<hour>(?<![{_A_LITTLE}])一|[零〇二两三四五六七八九十]|"
    rf"[二两三四五六七八九十][一二三四五六七八九十]{{1,2}}|(?<!\d)\d{{1,2}})(?:点|时(?![间候]))"
    rf"(?!都|儿|也没|问题){_CLOCK_END}"
)
_AHEAD = rf"(?P<ahead_n>{_N})个?(?P<ahead_unit>天|周|星期|礼拜)(?:之后|以后|后(?!面))"
_COLON = (
    r"(?<![\d:])(?P<col_h>\d{1,2}):(?P<col_m>\d{2})(?![\d:])(?: ?(?P<col_half>am|pm)(?![a-z]))?"
)
_AMPM = r"(?<![\d:])(?P<ap_h>\d{1,2}) ?(?P<ap_half>am|pm)(?![a-z])"
_OCLOCK = r"(?:(?<=at )(?P<at_h>\d{1,2})(?![\d:])|(?<!\d)(?P<oc_h>\d{1,2}) ?o'clock)"


def time_pattern(times: Mapping[str, Iterable[str]]) -> re.Pattern[str]:
    """For the sections of times.toml. Named groups tell the piece (`lastgroup`) and its parts."""
    of = {name: _any(words) for name, words in times.items()}
    shift = (
        rf"(?P<sh_way>{of['shifts']})(?:大概|大约|差不多|个(?=半|小))?"
        rf"(?P<sh_n>半|{_N})?个?(?P<sh_half>半)?(?P<sh_unit>{of['units']})"
    )
    english_week = (
        rf"(?<![a-z])(?:(?P<en_of>next|this|coming) )?(?P<en_day>{of['weekdays']})(?![a-z])"
    )
    english_month = (
        rf"(?<![a-z])(?P<en_m>{of['months']})\.? (?:the )?"
        r"(?P<en_d>\d{1,2})(?:st|nd|rd|th)?(?![\d:a-z])"
    )
    english_day = (
        rf"(?<![\d:])(?P<en2_d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?"
        rf"(?P<en2_m>{of['months']})(?![a-z])"
    )
    return re.compile(
        "|".join(
            (
                rf"(?P<shift>{shift})",
                rf"(?P<iso>{_ISO})",
                rf"(?P<ahead>{_AHEAD})",
                rf"(?P<md>{_MONTH_DAY})",
                rf"(?P<nm>{_NEXT_MONTH})",
                rf"(?P<week>{_WEEK})",
                rf"(?P<day>{_DAY})",
                rf"(?P<with_part>{of['days_with_part']})",
                rf"(?P<now_day>{of['days_from_now']})",
                rf"(?P<offer_day>{of['days_from_offer']})",
                rf"(?P<colon>{_COLON})",
                rf"(?P<ampm>{_AMPM})",
                rf"(?P<oclock>{_OCLOCK})",
                rf"(?P<point>{_POINT})",
                rf"(?P<clock>{_CLOCK})",
                rf"(?P<en_week>{english_week})",
                rf"(?P<en_md>{english_month})",
                rf"(?P<en_dm>{english_day})",
                rf"(?P<part>(?:{of['parts']})(?!好(?![的啊呀吗]))|晚(?=\d|[六七八九十]点))",
            )
        )
    )


def _any(words: Iterable[str]) -> str:
    """Alternatives, the longest first; English words only as whole words."""
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(
        rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word)
        for word in longest_first
    )

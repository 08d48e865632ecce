"""One regular expression for the pieces of a time, made from the vocabulary. Every quantifier is
bounded, so that looking at any text takes time linear in its length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from services.understanding.numbers import HAN, NUMBER

_N = NUMBER
_LATIN = r"(?=[a-z\d])"  # looked at first, since most signs of a reply are Chinese
_SAID = r"(?=[\d〇零一二两三四五六七八九十元今明来差过半i])"
_ISO = r"(?<!\d)(?P<iso_y>20\d\d)[-./年](?P<iso_m>\d{1,2})[-./月](?P<iso_d>\d{1,2})[日号]?"
_MONTH_DAY = rf"(?:(?P<md_y>今年|明年|来年))?(?P<md_m>元|{_N})月份?(?P<md_d>{_N})[日号]?"
_MONTH_END = (
    rf"(?P<end_of>(?P<end_year>今年|年底|年末)|下下个?月|下个?月|这个?月|本月|当月|月底|月末|"
    rf"(?P<end_month>{_N})月份?)的?(?P<end_which>最后一天|第一天|头一天)"
)
_LUNAR = (
    r"(?<![读上念孩子儿女学升])(?:农历|阴历)?(?P<lunar_new>正月|大年|年)?"
    r"(?:初(?P<lunar_day>[一二三四五六七八九十])(?![个级中])|(?P<lantern>元宵节?)|除夕|年三十)"
)
_PROPOSED = r"(?=[,，]?(?:可以|行|能|方便|有空|上午|下午|早上|晚上|中午|吧|好|那|\d|$))"
_NEXT_MONTH = rf"(?P<nm_which>下个?月|这个?月|本月|当月)(?P<nm_d>{_N})[日号]"
_WEEK = (
    r"(?P<week_of>下下个?|再下个?|下个?|这个?|本)?(?:周的?|星期|礼拜)(?:周|星期|礼拜)?"
    r"(?P<week_day>[一二三四五六日天]|[1-7](?!\d))"
)
_DAY = rf"(?P<day_n>{_N})[日号](?![楼线院门口机床诊])"
_POINT = (
    r"(?<![\d.:])(?P<pt_a>\d{1,2})(?P<pt_sign>[./-])(?P<pt_b>\d{1,2})(?![\d点:]|[./-]\d)[日号]?"
)
_MINUTE = (
    rf"(?P<minute>\d{{2}}|\d(?=分)|{HAN}(?=分)|[零〇][一二三四五六七八九]|"
    r"[二三四五]?十[一二三四五六七八九]?)分?"
)
_CLOCK_END = rf"(?:钟|整)?(?:(?P<half>半|一刻|三刻)|{_MINUTE})?"
_BEGINNING = (
    *("days_from_now", "days_from_offer", "days_with_part", "parts", "shifts", "holidays"),
    *("same_hour", "weeks_on"),
)
_A_LITTLE = "晚早快慢远近多少好大小有差高低长短强弱轻重贵松紧难"  # 晚一点 is no hour
_CLOCK = (
    rf"(?:差(?P<lack>一刻|十分|五分)钟?(?:到|就)?)?"
    rf"(?:(?P<from>(?<!\d)\d{{1,2}}|{HAN})[-~到至])?"
    rf"(?P<hour>(?<![{_A_LITTLE}])一|[零〇二两三四五六七八九十]|"
    rf"[二两三四五六七八九十][一二三四五六七八九十]{{1,2}}|(?<!\d)\d{{1,2}})(?:点|时(?![间候]))"
    rf"(?!都|儿|也没|问题){_CLOCK_END}(?:差(?P<lack_after>一刻|十分|五分)钟?)?"
)
_AHEAD = (
    rf"(?:过(?P<over_n>[一三四五六七八九十]|[13-9])个?(?P<over_unit>天|周|星期|礼拜)(?:之后|以后|后(?!面))?"
    rf"|(?P<ahead_n>{_N})个?(?P<ahead_unit>天|周|星期|礼拜)(?:之后|以后|后(?!面))"
    r"|in (?P<in_n>[a-z]+|\d{1,2}) (?P<in_unit>day|week)s?(?![a-z]))"
)
_SOON = (
    rf"(?P<soon_n>半|{_N})个?(?P<soon_half>半)?(?P<soon_unit>小时|钟头|分钟)(?:之后|以后|后)(?!面)"
)
_COLON = (
    r"(?<![\d:])(?P<col_h>\d{1,2}):(?P<col_m>\d{2})(?![\d:])(?: ?(?P<col_half>am|pm)(?![a-z]))?"
)
_AMPM = (
    r"(?<![\d:])(?P<ap_h>\d{1,2})(?:\.(?P<ap_m>\d{2}))? ?"
    r"(?P<ap_half>am|pm|a\.m\.?|p\.m\.?)(?![a-z])"
)
_OCLOCK = r"(?:(?<=at )(?P<at_h>\d{1,2})(?![\d:])|(?<!\d)(?P<oc_h>\d{1,2}) ?o'clock)"
_BEHIND = (
    r"(?P<bh_half>am|pm) ?(?P<bh_h>\d{1,2})(?:[:.点](?P<bh_m>\d{2})?(?P<bh_30>半)?)?(?![\d:a-z])"
)
_ORDINAL = r"(?<![\d:])(?:the |on )?(?P<ord>\d{1,2})(?:st|nd|rd|th)(?![a-z\d])(?! floor)"


def time_pattern(times: Mapping[str, Iterable[str]]) -> re.Pattern[str]:
    """For the sections of times.toml. Named groups tell the piece (`lastgroup`) and its parts."""
    of = {name: _any(words) for name, words in times.items()}
    shift = (
        rf"(?P<sh_way>{of['shifts']})(?:大概|大约|差不多)?(?:个(?=半|小|钟)|(?=半|\d|{HAN}))"
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
    numbers = of["numbers"]
    said_before = r"(?:(?P<sc_by>half past|quarter past|quarter to|half) )?"
    spoken_clock = (
        rf"(?<![a-z])(?:a )?{said_before}(?:(?<=past )|(?<=to )|(?<=half )|(?<=at ))"
        rf"(?P<sc_h>\d{{1,2}}|{numbers})(?:[ -](?P<sc_m>fifteen|thirty|forty-five|forty five))?"
        rf"(?: o'clock)?(?: ?(?P<sc_half>am|pm))?(?![a-z\d:])"
        rf"|(?<![a-z])(?P<sw_h>{numbers})(?:[ -](?P<sw_m>fifteen|thirty|forty-five|forty five))?"
        rf" ?(?:o'clock(?: ?(?P<so_half>am|pm))?|(?P<sw_half>am|pm))(?![a-z])"
    )
    count = rf"(?:(?P<es_half>half an?)|(?P<es_n>\d{{1,2}}|an?|{numbers}))"
    english_shift = (
        rf"(?<![a-z\d])(?:(?P<es_back>postpone(?: it)?|delay(?: it)?|push (?:it )?back|"
        rf"move it back)(?: by)? )?{count} (?P<es_unit>minute|hour|day|week)s?"
        rf"(?: (?P<es_way>later|earlier|sooner|before that|after that))?(?![a-z])"
    )
    return re.compile(
        "|".join(
            (
                rf"(?P<shift>{shift})",
                rf"(?P<en_shift>{_LATIN}(?:{english_shift}))",
                rf"(?P<spoken>{_LATIN}(?:{spoken_clock}))",
                rf"(?P<month_end>{_MONTH_END})",
                rf"(?P<lunar>{_LUNAR})",
                rf"(?P<holiday>(?P<holiday_name>{of['holidays']})(?:当天|那天|这天)?{_PROPOSED})",
                rf"(?P<iso>{_LATIN}(?:{_ISO}))",
                rf"(?P<ahead>{_SAID}(?:{_AHEAD}))",
                rf"(?P<soon>{_SAID}(?:{_SOON}))",
                rf"(?P<md>{_SAID}(?:{_MONTH_DAY}))",
                rf"(?P<nm>{_NEXT_MONTH})",
                rf"(?P<week>{_WEEK})",
                rf"(?P<day>{_SAID}(?:{_DAY}))",
                rf"(?P<with_part>{of['days_with_part']})",
                rf"(?P<now_day>{of['days_from_now']})",
                rf"(?P<offer_day>{of['days_from_offer']})",
                rf"(?P<colon>{_LATIN}(?:{_COLON}))",
                rf"(?P<ampm>{_LATIN}(?:{_AMPM}))",
                rf"(?P<behind>{_LATIN}(?:{_BEHIND}))",
                rf"(?P<same_next>(?:{of['weeks_on']})的?(?:{of['same_hour']})"
                rf"|(?:{of['same_hour']}) (?:{of['weeks_on']}))",
                rf"(?P<same>{of['same_hour']})",
                r"(?P<noon>(?<![a-z])(?:at )?(?:12 )?(?:noon|midday)(?![a-z])|正午)",
                rf"(?P<ordinal>{_LATIN}(?:{_ORDINAL}))",
                rf"(?P<oclock>{_LATIN}(?:{_OCLOCK}))",
                rf"(?P<point>{_LATIN}(?:{_POINT}))",
                rf"(?P<clock>{_SAID}(?:{_CLOCK}))",
                rf"(?P<en_week>{_LATIN}(?:{english_week}))",
                rf"(?P<en_md>{_LATIN}(?:{english_month}))",
                rf"(?P<en_dm>{_LATIN}(?:{english_day}))",
                rf"(?P<part>(?:{of['parts']})(?!好(?![的啊呀吗]))|晚(?=\d|[六七八九十]点)|早(?=\d|[六七八九十]点))",
            )
        )
    )


def beginnings(times: Mapping[str, Iterable[str]]) -> re.Pattern[str]:
    """Where a time can begin at all: looked for first, since it is the quicker search."""
    words = {word[0] for name in _BEGINNING for word in times[name]}
    signs = "".join(
        sorted(
            words
            | set("〇零一二两三四五六七八九十半元今明来差过周星礼下再这本当晚早正月年初农阴除")
        )
    )
    return re.compile(rf"\d|(?<![a-z])[a-z]|[{re.escape(signs)}]")


def _any(words: Iterable[str]) -> str:
    """Alternatives, the longest first; English words only as whole words."""
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(
        rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word)
        for word in longest_first
    )

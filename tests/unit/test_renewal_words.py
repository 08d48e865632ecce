"""What nurses write beside a photo of a licence."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.licence_kinds import LicenceKinds, load_licence_kinds
from services.renewal_words import LONGEST, Claim, Doubt, read_claim

ROOT = Path(__file__).parents[2]


KINDS = load_licence_kinds(
    tomllib.loads((ROOT / "config/policies/licence_kinds.toml").read_text("utf-8"))
)


@pytest.fixture
def kinds() -> LicenceKinds:
    return KINDS


DAY = date(2031, 10, 31)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("新证有效期到2031年10月31日", DAY),
        ("2031-10-31", DAY),
        ("2031/10/31", DAY),
        ("2031.10.31", DAY),
        ("2031 10 31", DAY),
        ("20311031", DAY),
        ("31年10月31日", DAY),
        ("2031年10月", DAY),
        ("2031.10", DAY),
        ("2031年10月底", DAY),
        ("10/2031", DAY),
        ("二〇三一年十月三十一日", DAY),
        ("二零三一年十月", DAY),
        ("２０３１年１０月３１日", DAY),
        ("有效期:2031-10-31", DAY),
        ("有效期至 2031 年 10 月 31 日", DAY),
        ("到2028年2月", date(2028, 2, 29)),
        ("发证日期2026-11-01,有效期至2031-10-31", DAY),
        ("2026年11月1日至2031年10月31日", DAY),
        ("2026.11.01-2031.10.31", DAY),
        ("2026-11-01到2031-10-31", DAY),
        ("自2026年11月1日起至2031年10月31日止", DAY),
        ("2026年11月20日发的，到2031年10月31日", DAY),
        ("收到2026年11月20日发的新证，2031年10月31日到期", DAY),
        ("旧证2026年12月20日到期，新证2031年10月31日", DAY),
        ("不是2031年10月30日，是2031年10月31日", DAY),
        ("2031-10-31 2031年10月31日", DAY),
        ("收到", None),
        ("10月31日", None),
        ("5年", None),
        ("2031年", None),
        ("10/11/2031", None),
        ("13900010001", None),
        ("换班 1205夜 王", None),
    ],
)
def test_until_when(text: str, end: date | None, kinds: LicenceKinds) -> None:
    claim = read_claim(text, kinds)
    assert (claim.end, claim.doubt) == (end, None)
    assert not claim.perpetual


@pytest.mark.parametrize(
    ("text", "perpetual"),
    [
        ("长期", True),
        ("长期有效", True),
        ("资格证，长期的", True),
        ("有效期：长期", True),
        ("永久有效", True),
        ("不是长期", False),
        ("长期上夜班很累", False),
    ],
)
def test_without_end(text: str, perpetual: bool, kinds: LicenceKinds) -> None:
    assert read_claim(text, kinds).perpetual is perpetual


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("护士证下来了 2031/10/31", ("nurse",)),
        ("BLS 到 2028.12", ("bls",)),
        ("bls", ("bls",)),
        ("ACLS和BLS都过了", ("acls", "bls")),
        ("护士资格证", ("nurse_qualification",)),
        ("母婴保健证到2029年3月", ("maternity",)),
        ("新证有效期到2031年10月31日", ()),
        ("possibles", ()),
    ],
)
def test_which_licence(text: str, named: tuple[str, ...], kinds: LicenceKinds) -> None:
    assert read_claim(text, kinds).kinds == named


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("到2031年2月30日", Doubt.NO_SUCH_DAY),
        ("2031-13-01", Doubt.NO_SUCH_DAY),
        ("2031-10-31 2031-11-30", Doubt.TWO_ENDS),
        ("长期，2031-10-31", Doubt.TWO_ENDS),
        ("2031-10-31至2026-11-01", Doubt.BACKWARDS),
        ("发证日期2031-10-31，有效期至2031-10-31", Doubt.BACKWARDS),
    ],
)
def test_what_contradicts_itself_gives_no_end(
    text: str, doubt: Doubt, kinds: LicenceKinds
) -> None:
    claim = read_claim(text, kinds)
    assert (claim.doubt, claim.end, claim.perpetual) == (doubt, None, False)


def test_the_number_is_no_date_and_a_date_no_number(kinds: LicenceKinds) -> None:
    claim = read_claim("编号202010311234 有效期到2031年10月31日", kinds)
    assert (claim.number, claim.end) == ("202010311234", DAY)
    assert read_claim("护士证 编号:BJ-2031-10-31", kinds).number == "BJ-2031-10-31"
    assert read_claim("到20311031", kinds).number == ""


def test_a_begin_alone_is_no_end(kinds: LicenceKinds) -> None:
    claim = read_claim("2026年11月20日考核通过", kinds)
    assert (claim.end, claim.began) == (None, date(2026, 11, 20))


def test_words_of_other_things_say_nothing(kinds: LicenceKinds) -> None:
    for text in ("", "收到", "谢谢", "我40分钟到", "明天能换班吗", "今晚20点停水", "#" * 5000):
        assert read_claim(text, kinds) == Claim()


def test_every_day_of_ten_years_is_read_in_every_spelling(kinds: LicenceKinds) -> None:
    day = date(2026, 1, 1)
    while day < date(2036, 1, 1):
        for text in (
            f"{day:%Y-%m-%d}",
            f"{day:%Y%m%d}",
            f"到{day.year}年{day.month}月{day.day}日",
        ):
            assert read_claim(text, kinds).end == day, text
        day += timedelta(days=13)


def test_very_long_words_are_cut(kinds: LicenceKinds) -> None:
    assert read_claim("好" * LONGEST + "2031-10-31", kinds).end is None
    assert read_claim("2031-1" * 400, kinds).end is None


@given(
    st.text(
        alphabet=st.sampled_from("2031年月日-./ 至到长期有效护士证BLS编号十二〇a#(）"), max_size=60
    )
)
def test_whatever_is_written_is_read_without_a_fault(text: str) -> None:
    """And never both an end and 长期, nor either of them beside a doubt."""
    claim = read_claim(text, KINDS)
    assert sum([claim.end is not None, claim.perpetual, claim.doubt is not None]) <= 1
    if claim.end is not None and claim.began is not None:
        assert claim.began < claim.end


def test_what_was_said_last_counts_and_the_rest_stays() -> None:
    known = Claim(kinds=("nurse",), end=DAY, number="1")
    assert Claim(perpetual=True).after(known) == Claim(("nurse",), None, True, None, "1")
    assert Claim(kinds=("bls",)).after(known) == Claim(("bls",), DAY, number="1")
    assert Claim(doubt=Doubt.TWO_ENDS).after(known).end is None
    assert known.after(Claim(doubt=Doubt.TWO_ENDS)) == known


@pytest.mark.parametrize(
    ("text", "kinds_named", "shared"),
    [
        ("执业证到2031.10.31", (), "执业证"),
        ("护士执业证到2031.10.31", ("nurse",), ""),
        ("医师执业证书", ("doctor",), ""),
        ("资格证书长期", (), "资格证书"),
        ("护士证和执业证", ("nurse",), ""),
    ],
)
def test_what_two_professions_call_their_own_is_no_name_of_one(
    kinds: LicenceKinds, text: str, kinds_named: tuple[str, ...], shared: str
) -> None:
    claim = read_claim(text, kinds)
    assert (claim.kinds, claim.shared) == (kinds_named, shared)

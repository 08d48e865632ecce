"""What people write after 换班."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.swap_words import Unclear, Wish, read_day, read_wish

MONDAY = date(2026, 12, 7)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("1212夜 王", Wish(date(2026, 12, 12), "夜", "王")),
        ("1212 夜 王", Wish(date(2026, 12, 12), "夜", "王")),
        ("12.12夜班 王小样", Wish(date(2026, 12, 12), "夜", "王小样")),
        ("12/12 王", Wish(date(2026, 12, 12), "", "王")),
        ("12月12日的夜班 和 王", Wish(date(2026, 12, 12), "夜", "王")),
        ("明天 王", Wish(date(2026, 12, 8), "", "王")),
        ("后天A 王", Wish(date(2026, 12, 9), "A", "王")),
        ("周四夜 跟王", Wish(date(2026, 12, 10), "夜", "王")),
        ("下周一 王", Wish(date(2026, 12, 14), "", "王")),
        ("12号 王", Wish(date(2026, 12, 12), "", "王")),
        ("0105夜 王", Wish(date(2027, 1, 5), "夜", "王")),
        ("2027-01-05夜 王", Wish(date(2027, 1, 5), "夜", "王")),
        ("1212夜 王 1214白", Wish(date(2026, 12, 12), "夜", "王", date(2026, 12, 14), "白")),
        ("1212夜 王 1214 白班", Wish(date(2026, 12, 12), "夜", "王", date(2026, 12, 14), "白")),
        (
            "1212夜 王,孩子家长会",
            Wish(date(2026, 12, 12), "夜", "王", reason="孩子家长会"),
        ),
        (
            "1212夜 王 因为 家里有事",
            Wish(date(2026, 12, 12), "夜", "王", reason="家里有事"),
        ),
    ],
)
def test_what_people_write_is_understood(text: str, wish: Wish) -> None:
    assert read_wish(text, MONDAY) == wish


@pytest.mark.parametrize("text", ["", "那天 王", "王", "1332夜 王", "1212夜", "1212夜 王 那天"])
def test_what_names_no_day_or_nobody_is_asked_again(text: str) -> None:
    with pytest.raises(Unclear):
        read_wish(text, MONDAY)


def test_a_day_without_a_year_is_the_next_such_day() -> None:
    assert read_day("0101", date(2026, 12, 31)) == (date(2027, 1, 1), "")
    assert read_day("1230", date(2026, 12, 31)) == (date(2026, 12, 30), "")
    assert read_day("1201", date(2026, 12, 31)) == (date(2027, 12, 1), "")


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    try:
        wish = read_wish(text, MONDAY)
    except Unclear:
        return
    assert wish.colleague


@given(st.dates(date(2026, 12, 7), date(2027, 11, 30)))
def test_every_coming_day_written_as_four_digits_is_that_day(day: date) -> None:
    assert read_day(f"{day:%m%d}", MONDAY) == (day, "")

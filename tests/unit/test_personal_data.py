"""Numbers that name one person: found as people write them, and nothing else mistaken for them."""

from __future__ import annotations

import pytest

from services.personal_data import found_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("找王老师13900010003", "mobile"),
        ("电话：139 0001 0003。", "mobile"),
        ("139-0001-0003", "mobile"),
        ("+86 13900010003", "mobile"),
        ("8613900010003", "mobile"),
        ("１３９０００１０００３", "mobile"),
        ("身份证110101199003071234", "id_card"),
        ("11010119900307123x请核对", "id_card"),
        ("110101 19900307 123X", "id_card"),
        ("１１０１０１１９９００３０７１２３Ｘ", "id_card"),
    ],
)
def test_a_number_of_one_person_is_found(text: str, found: str) -> None:
    assert found_in(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "今晚20点停水，请提前备水",
        "12月1日至12月31日班表",
        "急救电话120，总机010-88880000",
        "资产编号20261201000123456789",
        "12345678901",
        "病案号139000100031",
        "",
    ],
)
def test_other_numbers_pass(text: str) -> None:
    assert found_in(text) == ""


def test_a_flood_of_digits_is_read_at_once() -> None:
    assert found_in("1" * 100_000) == ""
    assert found_in("1 3-" * 50_000) == ""

"""All words: they render, they fit the platform, and data stays data."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.platforms.wecom.messages import message_body
from message_templates.catalogue import Catalogue
from message_templates.environment import day, duration, harmless
from message_templates.errors import TemplateError
from models.cards import Card, Content, Picture, Sendable, Text

SHIPPED = Catalogue()
NAMES = sorted(template.name for template in SHIPPED)


def _shown(content: Sendable) -> Content:
    return content.in_words if isinstance(content, Picture) else content


@pytest.mark.parametrize("name", NAMES)
def test_every_template_renders_with_its_sample(name: str) -> None:
    content = _shown(SHIPPED[name].render(SHIPPED[name].sample))
    assert content.title if isinstance(content, Card) else content.content


@pytest.mark.parametrize("name", NAMES)
def test_every_template_fits_into_a_wecom_message(name: str) -> None:
    content = _shown(SHIPPED[name].render(SHIPPED[name].sample))
    body = message_body(content, ["u1"], agent_id=1, key="key-1")
    assert body["touser"] == "u1"
    if body["msgtype"] == "text":
        assert len(str(body["text"]).encode()) <= 2048


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_fact_is_named_and_nothing_is_said(name: str) -> None:
    with pytest.raises(TemplateError, match=name):
        SHIPPED[name].render({})


@pytest.mark.parametrize(
    "payload",
    [
        "{{ ''.__class__.__mro__ }}",
        "{% for i in range(9) %}x{% endfor %}",
        "<a href='https://evil.example'>批准</a>",
        "@all 请转账",
        "[批准](https://evil.example)",
        "'; DROP TABLE persons; --",
        "张\x00三\u202e",
    ],
)
def test_data_is_never_a_template_a_link_or_a_mention(payload: str) -> None:
    facts = SHIPPED["swaps/request"].sample | {"reason": payload}
    card = SHIPPED.card("swaps/request", facts)
    said = card.body
    assert "<" not in said
    assert "@all" not in said
    assert "](" not in said
    assert "\x00" not in said
    assert "\u202e" not in said
    assert len(card.buttons) == 2


@pytest.mark.parametrize("everybody", ["@all", "@ALL", "@所有人", "@Everyone", "@全体成员"])
def test_no_value_calls_everybody(everybody: str) -> None:
    assert everybody not in harmless(f"请{everybody}来")


def test_two_values_side_by_side_make_no_link() -> None:
    """A name and a reason, in a template that puts the one in brackets after the other."""
    assert "](" not in f"{harmless('[点这里]')}({harmless('https://evil.example')})"
    assert harmless("[N3]护士") == "[N3]护士"


def test_a_hospital_overrides_one_file_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "people/welcome.toml").write_text('kind = "text"\ncontent = "欢迎{{ name }}"\n')
    own = Catalogue(tmp_path)
    assert own["people/welcome"].render({"name": "测试甲"}) == Text("欢迎测试甲")
    assert own.card("shifts/reminder", own["shifts/reminder"].sample).buttons


def test_an_endless_loop_in_an_own_template_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'kind = "text"\ncontent = "{% for i in range(10**9) %}x{% endfor %}"\n'
    )
    with pytest.raises(TemplateError):
        Catalogue(tmp_path)["x"].render({})


def test_a_flood_of_words_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'kind = "text"\ncontent = "{% for i in range(90000) %}xxxxxxxxxx{% endfor %}"\n'
    )
    with pytest.raises(TemplateError, match="too long"):
        Catalogue(tmp_path)["x"].render({})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('kind = "text"\ncontnt = "x"', "contnt"),
        ('kind = "text"\ncontent = "{{ name"', "template x"),
        ("kind = ", "not valid TOML"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(TemplateError, match=named):
        Catalogue(tmp_path)


def test_a_missing_template_says_where_it_belongs() -> None:
    with pytest.raises(TemplateError, match=r"message_templates/zh_CN/no/such\.toml"):
        SHIPPED["no/such"]


def test_date_and_weekday_come_from_one_value() -> None:
    from datetime import UTC, date, datetime, timedelta

    assert day(date(2026, 8, 5)) == "8月5日(周三)"
    assert day(datetime(2026, 8, 4, 17, 0, tzinfo=UTC)) == "8月5日(周三)"
    assert duration(timedelta(hours=2, minutes=30)) == "2小时30分钟"
    assert duration(timedelta()) == "0分钟"


def test_numbers_and_dates_pass_unharmed() -> None:
    assert harmless(3) == 3
    assert harmless("换班") == "换班"

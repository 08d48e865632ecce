"""Routes: found by words, checked at start-up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.events import TextSaid
from bot.routes import all_routes, check_words
from bot.routing import Command, Router, RoutingError
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.purposes import Purpose, Purposes, from_context


def said(text: str) -> TextSaid:
    return TextSaid(
        platform="wecom",
        app="main",
        event_id="1",
        user="u",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        text=text,
    )


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("换班 1205夜 王", "换班", "1205夜 王"),
        ("换班1205夜 王", "换班", "1205夜 王"),
        ("换班:1205夜 王", "换班", ":1205夜 王"),
        ("撤回换班", "撤回换班", ""),
        ("HELP", "help", ""),
        ("我的班 ", "我的班", ""),
    ],
)
def test_a_command_is_its_word_and_what_follows(text: str, word: str, rest: str) -> None:
    found = all_routes().command(said(text))
    assert found is not None
    assert word in found[0].words
    assert found[1].rest == rest


@pytest.mark.parametrize("text", ["换班表怎么看", "我的班级", "你好", "本周末有空吗"])
def test_words_that_only_begin_alike_are_no_command(text: str) -> None:
    assert all_routes().command(said(text)) is None


def test_a_parameter_nobody_provides_is_an_error_at_start_up() -> None:
    router = Router()

    @router.text("x")
    async def handler(missing: Catalogue) -> Text:
        return Text("x")

    with pytest.raises(RoutingError, match="nobody provides missing: Catalogue"):
        router.check([Actor, Command])


def test_a_parameter_without_a_type_is_an_error_at_import() -> None:
    router = Router()

    async def handler(actor):  # type: ignore[no-untyped-def]
        return Text("x")

    with pytest.raises(RoutingError, match="has no type"):
        router.text("x")(handler)


def test_two_handlers_for_one_word_are_an_error() -> None:
    router = Router()

    async def handler() -> Text:
        return Text("x")

    router.text("x")(handler)
    with pytest.raises(RoutingError, match="two handlers claim"):
        router.text("x")(handler)


def test_a_purpose_without_words_stops_the_start() -> None:
    from message_templates.errors import TemplateError

    with pytest.raises(TemplateError, match="no/words"):
        check_words(Purposes([Purpose("no.words", from_context)]), [all_routes()], Catalogue())


def test_a_button_nobody_hears_stops_the_start() -> None:
    purposes = Purposes([Purpose("swaps.request", from_context)])
    with pytest.raises(RoutingError, match=r"swaps\.accept"):
        check_words(purposes, [Router()], Catalogue())


def test_only_a_marked_route_answers_in_a_group() -> None:
    router = Router()

    @router.text("绑定病区", in_groups=True)
    async def bind() -> Text:
        return Text("x")

    @router.text("我的班")
    async def mine() -> Text:
        return Text("x")

    whole = Router()
    whole.include(router)
    assert whole.answers_in_groups(said("绑定病区 心内科"))
    assert not whole.answers_in_groups(said("我的班"))
    assert not whole.answers_in_groups(said("没人听得懂"))


def test_listeners_hear_private_words_only_and_then_an_answer_is_no_mere_reading() -> None:
    router = Router()

    @router.fallback
    async def otherwise() -> Text:
        return Text("?")

    assert router.only_reads(said("2031-10-31"))

    @router.listen
    async def hear() -> Text | None:
        return None

    outer = Router()
    outer.include(router)
    private, public = said("2031-10-31"), replace(said("2031-10-31"), group="chat")
    assert len(outer.listening(private)) == 1
    assert not outer.only_reads(private)
    assert list(outer.listening(public)) == []
    assert outer.only_reads(public)


def test_a_listener_that_cannot_be_provided_for_is_found_at_start_up() -> None:
    router = Router()

    @router.listen
    async def hear(words: Catalogue) -> Text | None:
        return None

    with pytest.raises(RoutingError, match="hear"):
        router.check([])

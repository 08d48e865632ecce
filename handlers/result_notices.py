"""结果公示: the text to copy, and that it stands on the web site, on a card or in words."""

from __future__ import annotations

from bot.events import CardUpdate, TextSaid
from bot.routing import Command, Router, Tap
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.permissions import Act
from services.refusals import Refusal
from services.result_notices import ResultNotices

router = Router()
WORDS = "results/notice_words"


@router.text("公示", "结果公示", act=Act.RECRUIT, help="result_notice")
async def text(command: Command, actor: Actor, notices: ResultNotices, words: Catalogue) -> Text:
    name = command.rest.strip()
    if not name:
        posts = await notices.states.open_posts(actor)
        key = "list" if posts else "none"
        return Text(words.phrase(WORDS, key, posts=posts))
    return await _copied(notices, actor, await notices.states.find(actor, name), words)


@router.card("notice.text")
async def text_by_tap(tap: Tap, actor: Actor, notices: ResultNotices, words: Catalogue) -> Text:
    return await _copied(notices, actor, tap.subject_id, words)


@router.text("已公示", act=Act.RECRUIT, help="result_notice_done")
async def published(
    command: Command, actor: Actor, notices: ResultNotices, words: Catalogue
) -> Text:
    name, url = _as_written(command)
    if not name or not url:
        return Text(words.phrase(WORDS, "which"))
    posting = await notices.states.find(actor, name)
    count = await notices.publish(actor, posting, url)
    state = await notices.states.state(posting)
    return Text(words.phrase(WORDS, "published", post=state.post, count=count))


@router.card("notice.published")
async def published_by_tap(
    tap: Tap, actor: Actor, notices: ResultNotices, words: Catalogue
) -> CardUpdate:
    """Where the post's notices always stand at the same address."""
    state = await notices.states.state(tap.subject_id)
    if not state.url:
        raise Refusal("notice_url_unknown", code=state.code)
    await notices.publish(actor, tap.subject_id, state.url)
    return CardUpdate(words.card("results/notice_due", await notices.states.card(tap.subject_id)))


async def _copied(notices: ResultNotices, actor: Actor, posting: int, words: Catalogue) -> Text:
    drawn = await notices.draw_up(actor, posting)
    state = await notices.states.state(posting)
    how = words.phrase(WORDS, "how", code=state.code, url=state.url, waiting=state.waiting)
    return Text(f"{drawn.text}\n——————\n{how}")


def _as_written(command: Command) -> tuple[str, str]:
    """Post and address, the address with its letters as they were typed."""
    assert isinstance(command.event, TextSaid)
    said = command.event.text.strip()
    rest = said[len(command.word) :] if said.startswith(command.word) else command.rest
    name, scheme, address = rest.partition("http")
    return name.strip(), f"{scheme}{address}".strip()

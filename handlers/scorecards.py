"""评分: on the card an interviewer gets, or in a sentence."""

from __future__ import annotations

from bot.events import CardUpdate, TextSaid
from bot.routing import Command, Router, Tap
from handlers.score_words import ABSENT, Said, Unclear, read_score
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.refusals import Refusal
from services.score_notes import ScoreNote
from services.scorecards import Candidacy, Scorecards

router = Router()
_NOTHING = "none"


@router.text("评分", "打分", help="scores")
async def in_words(
    command: Command, actor: Actor, scorecards: Scorecards, words: Catalogue
) -> Text:
    waiting = await scorecards.mine(actor)
    if not waiting:
        return Text(words.phrase("scorecards/replies", "none"))
    if not command.rest:
        return Text(_list(waiting, words))
    try:
        said = read_score(_as_written(command), scorecards.choices["words"])
    except Unclear as unclear:
        raise Refusal("score_unclear", text=unclear.part[:30]) from unclear
    interview = _meant(said, waiting).interview
    if said.absent:
        await scorecards.absent(actor, interview.id)
        return Text(words.phrase("scorecards/replies", "absent", name=interview.name))
    note = await scorecards.record(actor, interview.id, said.note)
    return Text(
        words.phrase(
            "scorecards/replies",
            "noted",
            name=interview.name,
            score=scorecards.words(note),
            strength=note.strength,
        )
    )


@router.card("scorecards.submit")
async def submit(tap: Tap, actor: Actor, scorecards: Scorecards, words: Catalogue) -> CardUpdate:
    verdict = tap.chosen("verdict")
    if verdict == ABSENT:
        await scorecards.absent(actor, tap.subject_id)
    else:
        await scorecards.record(actor, tap.subject_id, _chosen(tap, scorecards))
    facts = await scorecards.facts(tap.subject_id, actor.person_id)
    return CardUpdate(words.card("scorecards/request", facts))


def _chosen(tap: Tap, scorecards: Scorecards) -> ScoreNote:
    """What was chosen on the card, as far as it is one of its options."""
    levels = {choice["id"] for choice in scorecards.choices["levels"]} - {_NOTHING}
    verdicts = {choice["id"] for choice in scorecards.choices["verdicts"]} - {_NOTHING}
    scores = {
        dimension: float(tap.chosen(key))
        for key, dimension in scorecards.choices["dimensions"].items()
        if tap.chosen(key) in levels
    }
    verdict = tap.chosen("verdict")
    return ScoreNote(scores, verdict if verdict in verdicts else "")


def _as_written(command: Command) -> str:
    """The words after the command as they were typed: full-width marks belong to the text."""
    assert isinstance(command.event, TextSaid)
    said = command.event.text.strip()
    return said[len(command.word) :] if said.startswith(command.word) else command.rest


def _meant(said: Said, waiting: list[Candidacy]) -> Candidacy:
    """Raises Refusal: nobody, or more than one, fits."""
    if said.number is not None:
        fitting = [one for one in waiting if one.number == said.number]
    else:
        fitting = [one for one in waiting if one.interview.name == said.name] or [
            one for one in waiting if one.interview.name.startswith(said.name)
        ]
    if len(fitting) > 1:
        numbers = [one.number for one in fitting]
        raise Refusal("score_whom", name=said.name, numbers=numbers)
    if not fitting:
        raise Refusal("score_nobody", name=said.name or said.number)
    return fitting[0]


def _list(waiting: list[Candidacy], words: Catalogue) -> str:
    lines = [
        {
            "number": one.number,
            "name": one.interview.name,
            "post": one.interview.post,
            "starts_at": one.interview.starts_at,
            "scored": one.scored,
        }
        for one in waiting
    ]
    return words.phrase("scorecards/replies", "list", lines=lines)

"""Which match points HR chose from a case's card, and one in their own words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from services.console.candidate_case import MatchLine
from services.courtesy import check_question
from services.courtesy_rules import CourtesyRules
from services.refusals import Refusal


def chosen(
    card: Sequence[MatchLine], picked: Collection[int], own: str, rules: CourtesyRules
) -> list[str]:
    """The sentences that go into the invitation. `picked` are positions on the card.

    HR's own words are said to the candidate, so they begin with 您 and rest on no protected
    attribute. Raises Refusal: match_point_form, match_point_unfair(words).
    """
    points = [line.point for at, line in enumerate(card) if at in picked and line.point]
    text = " ".join(own.split()).rstrip("。，,.")
    if not text:
        return points
    if not text.startswith("您"):
        raise Refusal("match_point_form")
    words = [word for finding in check_question(text, rules) for word in finding.words]
    if words:
        raise Refusal("match_point_unfair", words="、".join(words))
    return [*points, text]

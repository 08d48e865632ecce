"""What a hospital may tune of recruiting: office hours, courtesy, addresses, sheets, texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.platforms.sms.channel import Template
from services.calendar_days import load_calendar
from services.courtesy_rules import CourtesyRules, load_courtesy_rules
from services.decline_reasons import DeclineWords, load_decline_words
from services.salutation import AddressRules, load_address_rules
from services.sheets.listing import ListWords, load_list_words
from services.similar_posts import PostWords, load_post_words
from services.working_days import WorkingTime, load_working_time

SHEETS = ("postings", "candidates", "slots", "scores")


@dataclass(frozen=True)
class RecruitingRules:
    """`sheets`: table → how its headings are spelt; `sms`: purpose → approved template."""

    working_time: WorkingTime
    courtesy: CourtesyRules
    address: AddressRules
    sheets: Mapping[str, ListWords]
    sms: Mapping[str, Template]
    posts: PostWords
    declines: DeclineWords


def recruiting_rules(read: Callable[[str], Mapping[str, Any]]) -> RecruitingRules:
    """`read` gives a policy file by name, parsed. Raises what it raises, or ValueError."""
    courtesy = read("courtesy.toml")
    words = read("candidate_sheets.toml")
    calendar = load_calendar(read("working_days.toml"))
    return RecruitingRules(
        working_time=load_working_time(read("working_time.toml"), calendar),
        courtesy=load_courtesy_rules(courtesy),
        address=load_address_rules(courtesy["address"]),
        sheets={table: load_list_words(words, table) for table in SHEETS},
        sms=_templates(read("sms.toml")),
        posts=load_post_words(read("similar_posts.toml")),
        declines=load_decline_words(read("decline_reasons.toml")),
    )


def _templates(data: Mapping[str, object]) -> dict[str, Template]:
    """Purposes whose code is empty are not approved yet: nothing is sent for them."""
    tables = data.get("templates", {})
    if not isinstance(tables, Mapping):
        raise ValueError("sms.toml: [templates] is a table")
    found = {}
    for purpose, raw in tables.items():
        if not isinstance(raw, Mapping) or not isinstance(raw.get("variables", {}), Mapping):
            raise ValueError(f"sms.toml: {purpose} needs a code and variables")
        if code := str(raw.get("code", "")):
            names = {str(name): str(fact) for name, fact in raw.get("variables", {}).items()}
            found[str(purpose)] = Template(code, names)
    return found

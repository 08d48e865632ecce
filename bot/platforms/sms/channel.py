"""Text messages as a channel of the ledger.

In China a text message is a template that the provider has approved, with a few short variables.
What may be said is therefore not ours to render: a `Phrase` names a purpose and its facts, and
the configuration names the template of each purpose. A content without a phrase is not sent.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bot.channels import Failure, SendFailed, Sent
from bot.platforms.fitting import clean, unfit
from bot.platforms.one_way import OneWay
from bot.platforms.sms.errors import bad_number, cure, misfit, no_template
from bot.platforms.sms.provider import Provider
from models.cards import Content

log = structlog.get_logger()

VALUE_CHARS = 35  # of one variable; longer ones are refused as PARAM_LENGTH_LIMIT
_NUMBER = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})", re.ASCII)
_ADDRESS = re.compile(r"https?:|www\.|//|[a-z0-9-]\.(?:com|cn|net|org)\b", re.IGNORECASE)
_BRACKETS = re.compile(r"[【】]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a text message says: `purpose` as in the configuration, `facts` by our names."""

    purpose: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template: its code, and variable name → name of our fact."""

    code: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def params(self, facts: Mapping[str, str]) -> dict[str, str]:
        """The variables filled in. Raises SendFailed(REQUEST) instead of sending nonsense."""
        return {name: _value(fact, facts.get(fact, "")) for name, fact in self.variables.items()}


# What to say, by the ledger's key and content; None: nothing that a text message could carry.
PhraseOf = Callable[[str, Content], Awaitable[Phrase | None]]


def number_of(text: str) -> str | None:
    """The eleven digits of a mainland mobile number; None for anything else."""
    found = _NUMBER.fullmatch(re.sub(r"[ \-]", "", text)) if len(text) <= 24 else None
    return found[1] if found else None


def masked(number: str) -> str:
    """As much of a number as a log may show."""
    return f"{number[:3]}****{number[-4:]}"


class SmsChannel(OneWay):
    """Implements bot.channels.Channel; `to` holds mobile numbers.

    `templates` is purpose → template. OK means that the provider took it: whether the phone got
    it, only its receipts say.
    """

    name = "sms"
    batch = 1
    member_per_minute = 1  # the provider's flow control of one number
    member_per_hour = 5

    def __init__(
        self, provider: Provider, templates: Mapping[str, Template], phrase: PhraseOf
    ) -> None:
        self._provider = provider
        self._templates = templates
        self._phrase = phrase

    async def send(
        self, content: Content, to: Sequence[str], *, key: str, again: bool = False
    ) -> Sent:
        if len(to) != 1:
            raise unfit("a text message goes to exactly one person")
        if again:
            reason = "a text message cannot be repeated without the risk of a second one"
            raise SendFailed(Failure.UNKNOWN, reason=reason, cure=cure("unsure"))
        number = number_of(to[0])
        if number is None:
            raise bad_number()
        template, params = await self._filled(key, content)
        sent = await self._provider.send(number, template, params, key)
        log.info("sms.sent", number=masked(number), template=template)
        return Sent(message_id=sent)

    async def _filled(self, key: str, content: Content) -> tuple[str, dict[str, str]]:
        phrase = await self._phrase(key, content)
        if phrase is None:
            raise no_template("")
        template = self._templates.get(phrase.purpose)
        if template is None:
            raise no_template(phrase.purpose)
        return template.code, template.params(phrase.facts)


def _value(name: str, value: str) -> str:
    value = " ".join(clean(value).split())
    if not value:
        raise misfit(f"the fact {name!r} is missing")
    if len(value) > VALUE_CHARS:
        raise misfit(f"the fact {name!r} has more than {VALUE_CHARS} characters")
    if _ADDRESS.search(value) or _BRACKETS.search(value):
        raise misfit(f"the fact {name!r} holds an address or 【】")
    return value

"""Interactive cards: who has one, and what it looks like to each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.dingtalk import card_view
from simulator.dingtalk.org import Org, Template
from simulator.dingtalk.places import PERSON
from simulator.phones import Item, Phones

Params = dict[str, str]


@dataclass(slots=True)
class Card:
    """One outTrackId. `private` overrides `public` for the user of its key."""

    out_track_id: str
    template: Template
    callback_type: str
    route: str
    by_union: bool
    public: Params
    private: dict[str, Params] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)

    def seen_by(self, userid: str) -> dict[str, Any]:
        """The neutral view of the card for one person."""
        params = self.public | self.private.get(userid, {})
        return card_view.draw(self.template, self.out_track_id, params)

    def id_of(self, org: Org, userid: str) -> str:
        """How this card names a person: userid, or unionid when userIdType is 2."""
        who = org.person(userid)
        return who.unionid if self.by_union and who else userid


def change(
    card: Card, public: Params | None, private: dict[str, Params], options: dict[str, Any]
) -> None:
    """Take new data: by key when the options say so, otherwise in place of the old [C1-0009]."""
    if public is not None:
        by_key = options.get("updateCardDataByKey") is True
        card.public = card.public | public if by_key else dict(public)
    for userid, params in private.items():
        by_key = options.get("updatePrivateDataByKey") is True
        old = card.private.get(userid, {}) if by_key else {}
        card.private[userid] = old | params


def redraw(phones: Phones, card: Card) -> None:
    """Show the present data on every phone that has the card."""
    for phone, item in card.items.items():
        body = card.seen_by(phone.removeprefix(PERSON))
        if body != item.body:
            phones.change(item, body, body["replace_text"])

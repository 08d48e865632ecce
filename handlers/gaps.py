"""缺口: what is short in the next three days, for head nurses and the nursing office."""

from __future__ import annotations

from bot.events import CardUpdate
from bot.routing import Command, Router, Tap
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.gap_digest import GapDigest
from services.gap_owners import GapOwners
from services.hospital import Hospital
from services.permissions import Act

router = Router()


@router.text("缺口", "缺人", act=Act.SEE_UNIT_ROSTER, help="gaps", reads=True)
async def gaps(
    command: Command, actor: Actor, digest: GapDigest, words: Catalogue, hospital: Hospital
) -> Text:
    found = await digest.asked(actor, command.rest.strip())
    parts = []
    if found.facts["wards"] or found.facts["unreached"]:
        parts.append(words.text("gaps/short", found.facts).content)
    if found.enough:
        parts.append(words.phrase("gaps/words", "none", names=found.enough))
    if found.unset:
        url = f"{hospital.public_url}/console/staffing/import"
        parts.append(words.phrase("gaps/words", "unset", names=found.unset, url=url))
    return Text("\n\n".join(parts) or words.phrase("refusals", "not_allowed"))


@router.card("gaps.take")
async def take(tap: Tap, actor: Actor, owners: GapOwners, words: Catalogue) -> CardUpdate:
    await owners.take(tap.message_id, actor)
    return CardUpdate(words.card("gaps/whose", await owners.facts(tap.message_id)))

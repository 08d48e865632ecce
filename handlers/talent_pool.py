"""人才库: for whoever recruits, who agreed to be asked again when a similar post opens."""

from __future__ import annotations

from bot.routing import Command, Router
from message_templates.catalogue import Catalogue
from models.cards import Text
from services.actors import Actor
from services.permissions import Act
from services.talent_pool import PoolMember, TalentPool

router = Router()
SHOWN = 12


@router.text("人才库", act=Act.RECRUIT, help="pool", reads=True)
async def pool(command: Command, actor: Actor, members: TalentPool, words: Catalogue) -> Text:
    if not command.rest.strip():
        return Text("\n".join(await _posts(actor, members, words)))
    title = command.rest.strip()
    found = await members.similar(await members.find_post(actor, title), actor)
    if not found:
        return Text(words.phrase("pool/words", "nobody", title=title))
    lines = [words.phrase("pool/words", "members", title=title, count=len(found))]
    lines += [_line(words, number, each) for number, each in enumerate(found[:SHOWN], 1)]
    if len(found) > SHOWN:
        lines.append(words.phrase("pool/words", "more", count=len(found) - SHOWN))
    return Text("\n".join([*lines, words.phrase("pool/words", "next")]))


async def _posts(actor: Actor, members: TalentPool, words: Catalogue) -> list[str]:
    posts = await members.open_posts(actor)
    if not posts:
        return [words.phrase("pool/words", "no_posts")]
    lines = [words.phrase("pool/words", "post", title=title, count=n) for _, title, n in posts]
    return [
        words.phrase("pool/words", "posts"),
        *lines,
        words.phrase("pool/words", "how"),
    ]


def _line(words: Catalogue, number: int, member: PoolMember) -> str:
    why = words.phrase("pool/words", member.why.likeness, words=member.why.words)
    return words.phrase(
        "pool/words",
        "member",
        number=number,
        name=member.name,
        applied_at=member.applied_at,
        applied_for=member.applied_for,
        until=member.until,
        why=why,
    )

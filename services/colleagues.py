"""Finding a colleague by what people write: a surname, a name, a number."""

from __future__ import annotations

from models import db
from services.actors import Actor
from services.refusals import Refusal


async def find(by: Actor, text: str) -> db.Row:
    """The one colleague of the actor's unit that `text` means: full name, number, or surname.

    Raises Refusal: nobody, or several, who are then named.
    """
    rows = await db.fetch(
        "SELECT id, name, staff_no FROM persons "
        "WHERE unit_id = $1 AND active AND id <> $2 ORDER BY name",
        by.unit_id,
        by.person_id,
    )
    for matches in (
        [row for row in rows if text in (row["name"], row["staff_no"])],
        [row for row in rows if row["name"].startswith(text)],
        [row for row in rows if len(text) > 1 and text in row["name"]],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = "、".join(f"{row['name']}({row['staff_no']})" for row in matches)
            raise Refusal("colleague_twice", name=text, count=len(matches), names=names)
    raise Refusal("colleague_unknown", name=text)

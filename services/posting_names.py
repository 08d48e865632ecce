"""Which post a sheet or another system means: by its code, else by a title only one post bears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models import db
from models.postings import PostingState
from services.import_drafts import problem_at
from services.sheets.people import number_key
from services.sheets.problems import Problem
from services.sheets.staff_columns import spelling

_ALL = "SELECT id, code, title, state FROM postings ORDER BY id"
_NAMED = 6  # of the posts there are, so many are named as a help


@dataclass(frozen=True)
class PostingNames:
    """Every post, by code and by title; closed ones are known but take nobody."""

    by_code: Mapping[str, db.Row]
    by_title: Mapping[str, Sequence[db.Row]]

    @classmethod
    async def all(cls) -> PostingNames:
        rows = await db.fetch(_ALL)
        titles: dict[str, list[db.Row]] = {}
        for row in rows:
            titles.setdefault(spelling(row["title"]), []).append(row)
        return cls({number_key(row["code"]): row for row in rows}, titles)

    def match(self, written: str, at: int) -> int | Problem:
        """The id of an open post, or what is wrong with row `at`."""
        one = self.by_code.get(number_key(written))
        titled = [one] if one else self.by_title.get(spelling(written), ())
        alive = [row for row in titled if row["state"] == PostingState.OPEN]
        if len(alive) == 1:
            found: int = alive[0]["id"]
            return found
        if len(alive) > 1:
            codes = "、".join(row["code"] for row in alive)
            return problem_at(at, "post_several", post=written, codes=codes)
        if titled:
            return problem_at(at, "post_closed", post=written)
        return problem_at(at, "post_unknown", post=written, known=self.known())

    def known(self) -> str:
        """Some open posts in words, as a help; 无 when there is none."""
        alive = [row for row in self.by_code.values() if row["state"] == PostingState.OPEN]
        return "、".join(f"{row['title']}({row['code']})" for row in alive[:_NAMED]) or "无"

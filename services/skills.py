"""What people can do, and which licences make it count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.licence_kinds import LicenceKinds
from services.sheets.staff_columns import spelling


@dataclass(frozen=True, slots=True)
class Skill:
    """`all_of` and `any_of` are licence kinds that must be valid on the day."""

    key: str
    names: tuple[str, ...]
    all_of: tuple[str, ...]
    any_of: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.names[0]

    def held_with(self, valid: frozenset[str] | set[str]) -> bool:
        """Whether these valid licences let the skill count."""
        return set(self.all_of) <= valid and (not self.any_of or bool(set(self.any_of) & valid))


class Skills:
    def __init__(self, skills: Sequence[Skill]) -> None:
        self._by_key = {skill.key: skill for skill in skills}
        self._by_name = {spelling(name): skill for skill in skills for name in skill.names}

    def __getitem__(self, key: str) -> Skill:
        return self._by_key[key]

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[Skill]:
        return iter(self._by_key.values())

    @property
    def words(self) -> Mapping[str, str]:
        """Spelling → key, for sheets."""
        return {name: skill.key for name, skill in self._by_name.items()}

    def named(self, words: str) -> Skill | None:
        return self._by_name.get(spelling(words)) or self._by_key.get(words)


def load_skills(data: Mapping[str, Any], kinds: LicenceKinds) -> Skills:
    """The parsed `skills.toml`. Raises ValueError for a licence kind nobody knows."""
    skills = [
        Skill(
            key,
            tuple(str(name) for name in raw.get("names", (key,))),
            tuple(str(kind) for kind in raw.get("all_of", ())),
            tuple(str(kind) for kind in raw.get("any_of", ())),
        )
        for key, raw in data.get("skills", {}).items()
    ]
    for skill in skills:
        if unknown := [kind for kind in (*skill.all_of, *skill.any_of) if kind not in kinds]:
            raise ValueError(f"skills.toml: {skill.key} names unknown licences {unknown}")
    return Skills(skills)

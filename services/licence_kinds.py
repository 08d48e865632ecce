"""Kinds of licences as a hospital may tune them: period, deadline, steps, what they block."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.offices import Office
from services.sheets.staff_columns import spelling

RENEWAL = "办理延续"  # what has to be done, where a kind does not say it better
_KNOWN = {
    "names",
    "renewal",
    "titles",
    "years",
    "cycle",
    "apply_before",
    "steps",
    "head_from",
    "office_from",
    "blocks",
    "office",
    "papers",
    "basis",
}


@dataclass(frozen=True, slots=True)
class LicenceKind:
    """`steps` are days before the deadline, largest first; negative ones lie after it."""

    key: str
    names: tuple[str, ...]
    years: int | None
    cycle: bool
    apply_before: int
    steps: tuple[int, ...]
    head_from: int
    office_from: int
    blocks: bool
    office: Office
    papers: tuple[str, ...]
    basis: str
    renewal: str = RENEWAL
    titles: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.names[0]

    def deadline(self, valid_to: date) -> date:
        """The last day on which the renewal may be applied for."""
        return valid_to - timedelta(days=self.apply_before)


class LicenceKinds:
    """All kinds, by key and by any of their names.

    `shared` are names that several professions use: name → keys of the kinds it may mean.
    """

    def __init__(
        self, kinds: Sequence[LicenceKind], shared: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self.shared = dict(shared or {})
        self._by_key = {kind.key: kind for kind in kinds}
        self._by_name = {spelling(name): kind for kind in kinds for name in kind.names}

    def __getitem__(self, key: str) -> LicenceKind:
        return self._by_key[key]

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[LicenceKind]:
        return iter(self._by_key.values())

    def named(self, words: str) -> LicenceKind | None:
        """The kind that is called so, or whose key it is."""
        return self._by_name.get(spelling(words)) or self._by_key.get(words)

    def meant(self, name: str, held: Collection[str], title: str) -> tuple[str, ...]:
        """The kinds a name may mean said by somebody who holds these kinds and has this title.

        One where that can be told; several where they must be asked.
        """
        group = self.shared[name]
        for fitting in (
            [key for key in group if key in held],
            [key for key in group if any(word in title for word in self[key].titles)],
        ):
            if len(fitting) == 1:
                return (fitting[0],)
        return group

    @property
    def blocking(self) -> Mapping[str, str]:
        """Key → name of those without which nobody works clinically."""
        return {kind.key: kind.name for kind in self if kind.blocks}


def load_licence_kinds(data: Mapping[str, Any]) -> LicenceKinds:
    """The parsed `licence_kinds.toml`. Raises ValueError that names the kind and the key."""
    kinds = [_kind(key, raw) for key, raw in data.get("kinds", {}).items()]
    names = [spelling(name) for kind in kinds for name in kind.names]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"licence_kinds.toml: two kinds are called {sorted(doubled)}")
    return LicenceKinds(kinds, _shared(data.get("shared", {}), {kind.key for kind in kinds}))


def _shared(raw: Mapping[str, Any], known: Collection[str]) -> dict[str, tuple[str, ...]]:
    shared = {str(name): tuple(str(key) for key in keys) for name, keys in raw.items()}
    if unknown := {key for keys in shared.values() for key in keys} - set(known):
        raise ValueError(f"licence_kinds.toml: shared names mean unknown kinds {sorted(unknown)}")
    return shared


def _kind(key: str, raw: Mapping[str, Any]) -> LicenceKind:
    if unknown := set(raw) - _KNOWN:
        raise ValueError(f"licence_kinds.toml: {key} has unknown keys {sorted(unknown)}")
    if not raw.get("names"):
        raise ValueError(f"licence_kinds.toml: {key} needs names")
    steps = tuple(int(step) for step in raw.get("steps", ()))
    if list(steps) != sorted(set(steps), reverse=True):
        raise ValueError(f"licence_kinds.toml: steps of {key} must fall, each once")
    try:
        office = Office(raw.get("office", "hr"))
    except ValueError:
        raise ValueError(f"licence_kinds.toml: office of {key} is one of {[*Office]}") from None
    return LicenceKind(
        key=key,
        names=tuple(str(name) for name in raw["names"]),
        years=int(raw["years"]) if "years" in raw else None,
        cycle=bool(raw.get("cycle", False)),
        apply_before=int(raw.get("apply_before", 0)),
        steps=steps,
        head_from=int(raw.get("head_from", -(10**6))),
        office_from=int(raw.get("office_from", -(10**6))),
        blocks=bool(raw.get("blocks", False)),
        office=office,
        papers=tuple(str(paper) for paper in raw.get("papers", ())),
        basis=str(raw.get("basis", "")),
        renewal=str(raw.get("renewal", RENEWAL)),
        titles=tuple(str(word) for word in raw.get("titles", ())),
    )

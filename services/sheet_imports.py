"""Sheets that are shown first and then applied as a whole: one engine for every kind of them.

A draft compares what was read with what is stored. Applying compares again, behind a lock and in
the transaction that writes, so that a draft grown old is refused and a file applied twice changes
nothing the second time.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping

from models import db
from models.clock import Clock
from services import audit
from services.import_drafts import AnyKind, Change, Plan, SheetDraft, SheetKind
from services.refusals import Refusal
from services.sheets.problems import Severity, SheetRefused, capped, describe, has_errors
from services.sheets.reader import read_book


class SheetImports:
    def __init__(
        self,
        kinds: Mapping[AnyKind, SheetKind],
        texts: Mapping[str, str],
        lock: str,
        clock: Clock,
    ) -> None:
        """`texts` are those of `sheets/problems.toml`; who writes the same rows takes `lock`."""
        self.clock = clock
        self._lock = lock
        self._kinds = kinds
        self._texts = texts

    async def draft(self, kind: AnyKind, data: bytes, filename: str) -> SheetDraft:
        """Read a sheet and compare it with what is stored. Changes nothing."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            book = await asyncio.to_thread(read_book, data, filename)
        except SheetRefused as refused:
            return SheetDraft(kind, digest, errors=(describe(refused.problem, self._texts),))
        source = self._kinds[kind]
        rows, problems = await asyncio.to_thread(source.read, book.sheets)
        plan = await source.plan(rows)
        found = capped((*book.problems, *problems, *plan.problems))
        told = [(problem.severity, describe(problem, self._texts)) for problem in found]
        return SheetDraft(
            kind,
            digest,
            tuple(rows),
            plan.lines,
            tuple(text for severity, text in told if severity is Severity.ERROR),
            tuple(text for severity, text in told if severity is not Severity.ERROR),
            Counter(line.change for line in plan.lines),
            filename[:255],
            plan.units,
            tuple(describe(note, self._texts) for note in plan.notes),
        )

    async def apply(self, draft: SheetDraft, by: object) -> Mapping[Change, int]:
        """Store a draft, all of it or nothing; how many rows of each change.

        Raises Refusal("import_outdated") when what is stored no longer allows it.
        """
        if not draft.applicable:
            raise ValueError("a draft with errors cannot be applied")
        source = self._kinds[draft.kind]
        async with db.transaction():
            await db.lock(self._lock)
            plan = await source.plan(draft.rows)
            if has_errors(plan.problems):
                raise Refusal("import_outdated")
            await source.store(plan.steps, by, draft.filename)
            done = Counter(line.change for line in plan.lines)
            await self._remember(draft, plan, by, done)
        return done

    async def _remember(
        self, draft: SheetDraft, plan: Plan, by: object, done: Mapping[Change, int]
    ) -> None:
        if not plan.steps:
            return  # the same file again: nothing happened, nothing is recorded
        subject = f"{draft.kind}:{draft.digest[:12]}"
        counts = {change.value: done[change] for change in (Change.NEW, Change.CHANGED)}
        counts |= {Change.GONE.value: done[Change.GONE]} if done[Change.GONE] else {}
        await audit.record(self.clock.now(), by, f"{draft.kind}.imported", subject, **counts)

"""What every sheet's command says: what it would change, and what it changed."""

from __future__ import annotations

from bot.cli.data import NothingApplied, console, show
from services.actors import Actor
from services.import_drafts import Change, SheetDraft
from services.sheet_imports import SheetImports

CHANGES = {
    "new": "新增",
    "changed": "有变动",
    "same": "没有变化",
    "left": "没有采用",
    "absent": "表里没有",
    "gone": "表里没有，去掉",
}
_NOT_THERE = {Change.ABSENT: "表里没有，仍保留", Change.GONE: "表里没有，去掉"}


async def show_then_apply(
    imports: SheetImports, draft: SheetDraft, actor: Actor | str, *, apply: bool
) -> None:
    """Print the preview; with `apply` store it. Raises NothingApplied."""
    show(draft.errors, draft.warnings)
    for line in draft.lines:
        if line.change in _NOT_THERE:
            words = f"{_NOT_THERE[line.change]}：{' '.join(line.cells)}"
            console.print(words, markup=False)
    counts = [f"{text} {draft.count(key)}" for key, text in CHANGES.items() if draft.count(key)]
    console.print("，".join(counts) or "没有读到内容")
    for note in draft.notes:
        console.print(note, markup=False)
    if not draft.applicable:
        raise NothingApplied("有错误，没有导入任何内容。请改好后再导入。")
    if not apply:
        raise NothingApplied("这是预览，没有改动。加 --apply 导入。")
    done = await imports.apply(draft, actor)
    console.print(f"已导入：新增 {done.get(Change.NEW, 0)}，更新 {done.get(Change.CHANGED, 0)}。")

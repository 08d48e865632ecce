"""Every problem a sheet can have has its words, and every text is used."""

from __future__ import annotations

import re
from string import Formatter

from tests.unit.sheet_cases import ROOT, TEXTS


def test_every_key_in_the_code_has_a_text_and_no_text_is_left_over() -> None:
    sources = sorted((ROOT / "services/sheets").glob("*.py"))
    sources += sorted((ROOT / "services").glob("attendance_*.py"))
    sources += sorted((ROOT / "services").glob("*_import.py"))
    sources += [ROOT / "services/posting_names.py", ROOT / "services/staff_rows.py"]
    code = "\n".join(source.read_text("utf-8") for source in sources)
    words = set(re.findall(r'"([a-z][a-z_]+)"', code))
    made = {"status_unknown", "role_unknown", "channel_unknown"}
    assert set(TEXTS) <= words | made
    raised = set(re.findall(r'(?:SheetRefused|UnreadableDate)\("([a-z_]+)"', code))
    assert raised <= set(TEXTS)


def test_every_text_names_its_cure_and_only_known_placeholders() -> None:
    for key, text in TEXTS.items():
        for _, name, _, _ in Formatter().parse(text):
            assert name is None or name.isidentifier(), key
        if not key.startswith(("where_", "preview_", "more_", "column_ignored")):
            assert text.count("。") >= 2 or "请" in text or "需要" in text, key

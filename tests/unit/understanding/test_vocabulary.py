"""The word files: ours are sound, a hospital's add to them, a wrong one is refused by name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from services.understanding.normalise import normalise
from services.understanding.reply import Intent, understand
from services.understanding.vocabulary import GAP, VocabularyError, load, shipped

NOW = datetime.fromisoformat("2026-12-04T09:00")
OFFER = datetime.fromisoformat("2026-12-09T10:00")


def test_our_words_are_in_the_form_that_replies_are_brought_into() -> None:
    words = shipped()
    entries = [*words.words, *(part for section in words.times.values() for part in section)]
    loose = {word: normalise(word, words) for word in entries if word != GAP}
    changed = {word for word, plain in loose.items() if plain != word.strip()}
    assert changed <= set(words.words) & {"〇"}


def test_a_hospitals_words_add_to_ours(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "own.toml").write_text(
        'yes = ["冲鸭"]\nobstacle = ["飞刀", "好的"]\npolite = ["搞掂了"]\n'
    )
    (tmp_path / "times.toml").write_text('[days_from_now]\n"外后日" = 4\n')
    (tmp_path / "characters.toml").write_text('traditional = "沖"\nsimplified = "冲"\n')
    (tmp_path / "small_words.toml").write_text('also_cleared = ["搞掂了"]\n')
    own = load(tmp_path)
    assert understand("沖鸭", NOW, [OFFER], own).intent is Intent.CONFIRM
    assert understand("好的", NOW, [OFFER], own).intent is Intent.RESCHEDULE
    assert understand("飞刀搞掂了，冲鸭", NOW, [OFFER], own).intent is not Intent.RESCHEDULE
    assert str(understand("外后日行吗", NOW, [OFFER], own).when) == "2026-12-08"
    assert understand("冲鸭", NOW, [OFFER]).intent is Intent.UNCLEAR


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("words/own.toml", 'yess = ["冲鸭"]', "yess"),
        ("words/own.toml", 'yes = "冲鸭"', "list of words"),
        ("words/own.toml", 'yes = [""]', "list of words"),
        ("words/own.toml", 'yes = ["…好"]', "list of words"),
        ("words/own.toml", 'yes = ["甲"]\nno = ["甲"]', "take it out"),
        ("words/own.toml", "yes = [", "own.toml"),
        ("times.toml", "[day]\n", "nobody reads"),
        ("small_words.toml", 'absence = ["没"]', "nobody reads"),
        ("characters.toml", 'traditional = "沖沖"\nsimplified = "冲"\n', "partner"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / name).write_text(content)
    with pytest.raises(VocabularyError, match=told):
        load(tmp_path)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("可 以 的", "可以的"),
        ("ＯＫ，１", "ok,1"),
        ("1️⃣", "1"),
        ("①", "1"),
        ("週三沒問題", "周三没问题"),
        ("好的(^_^)", "好的"),
        ("👌🏻", "👌"),
        ("I’m  fine", "i'm fine"),
        ("okkkkk", "okk"),
        ("（如果不加班）", "(如果不加班)"),
        ("12.9 10:00", "12.9 10:00"),
    ],
)
def test_a_reply_is_brought_into_one_form(typed: str, plain: str) -> None:
    assert normalise(typed, shipped()) == plain

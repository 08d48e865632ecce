"""Bring a reply into one form: half width, simplified, lower case, no decoration."""

from __future__ import annotations

import re
import unicodedata

from services.understanding.vocabulary import Vocabulary

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\u20e3\U0001f3fb-\U0001f3ff]")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})
_KAOMOJI = re.compile(r"\([^()\u4e00-\u9fffa-z0-9]{1,16}\)")
_TYPED_FACE = re.compile(r"\^[_.o-]{0,2}\^")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_OKOK = re.compile(r"(?<![a-z])(?:ok){2,}(?![a-z])")

_SPACE = re.compile(r"\s+")
_HAN_SPACE = re.compile(r"(?<=[\u4e00-\u9fff]) | (?=[\u4e00-\u9fff])")


def normalise(text: str, vocabulary: Vocabulary) -> str:
    """NFKC, simplified for the characters of our words, spaces only between Latin words,
    and the slips that can mean but one thing put right."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    plain = plain.translate(_APOSTROPHES).lower().translate(vocabulary.characters)
    plain = _TYPED_FACE.sub("", _KAOMOJI.sub("", plain))
    plain = _OKOK.sub("ok", _STRETCHED.sub(r"\1\1", plain))
    plain = _HAN_SPACE.sub("", _SPACE.sub(" ", plain)).strip()
    return vocabulary.slip_pattern.sub(lambda slip: vocabulary.slips[slip[0]], plain)

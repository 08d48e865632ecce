"""A request's body, read and checked before anything else sees it: English words with the cure."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from models.visible import visible
from services.ats import AtsEntry
from services.sheets.people import is_mail, name_key, normalised_phone

MOST_ENTRIES = 500
MOST_ERRORS = 100

# What each field must be; an answer never repeats what was sent.
EXPECTED = {
    "externalId": "your id of the candidate: 1 to 64 characters, without control characters",
    "name": "the candidate's full name: 1 to 60 characters",
    "phone": "a mobile number of mainland China with 11 digits, such as 13800000000",
    "posting": "the code of an open posting, as in GET-able sheets: for example HL-2026-01",
    "email": "an e-mail address, or leave it out",
    "title": "how the candidate asked to be addressed: ms, mr, doctor, nurse, teacher, or nothing",
    "source": "where the candidate comes from: at most 64 characters",
    "years": "years of work as a number from 0 to 60",
    "licence": "yes, no or passed",
}
_TEXT = "a text of at most 200 characters, without control characters"


class BodyRefused(ValueError):
    """The body as a whole cannot be used; the message says why and what to send instead."""


def _plain(text: str) -> str:
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Co"} for letter in text):
        raise ValueError("control character")
    return visible(text).strip()


def _mail(text: str) -> str:
    if text and not is_mail(text):
        raise ValueError("no mail address")
    return text


def _phone(text: str) -> str:
    phone = normalised_phone(text)
    if not phone:
        raise ValueError("no mobile number")
    return phone


Text = Annotated[str, Field(max_length=200), AfterValidator(_plain)]


class _Part(BaseModel):
    model_config = {"alias_generator": to_camel, "extra": "ignore", "hide_input_in_errors": True}


class Profile(_Part):
    years: float | None = Field(default=None, ge=0, le=60, allow_inf_nan=False)
    degree: Text = ""
    major: Text = ""
    school: Text = ""
    licence: Literal["", "yes", "no", "passed"] = ""
    employer: Text = ""
    summary: Annotated[str, Field(max_length=2000), AfterValidator(_plain)] = ""


class Entry(_Part):
    external_id: Annotated[str, Field(max_length=64), AfterValidator(_plain), Field(min_length=1)]
    name: Annotated[str, Field(max_length=60), AfterValidator(_plain), Field(min_length=1)]
    phone: Annotated[str, Field(max_length=30), AfterValidator(_phone)]
    posting: Annotated[str, Field(max_length=64), AfterValidator(_plain), Field(min_length=1)]
    email: Annotated[str, Field(max_length=254), AfterValidator(_mail)] = ""
    title: Literal["", "ms", "mr", "doctor", "nurse", "teacher"] = ""
    source: Annotated[str, Field(max_length=64), AfterValidator(_plain)] = ""
    profile: Profile = Profile()


_ENTRIES: TypeAdapter[list[Entry]] = TypeAdapter(list[Entry])


def read_entries(body: bytes) -> tuple[list[AtsEntry], list[dict[str, Any]]]:
    """The entries, or what is wrong with each: index, field, message. Raises BodyRefused."""
    raw = _json(body)
    if not isinstance(raw, list):
        raise BodyRefused("The body must be a JSON array of candidates: [{...}, {...}].")
    if not raw:
        raise BodyRefused("The array is empty: send at least one candidate.")
    if len(raw) > MOST_ENTRIES:
        raise BodyRefused(
            f"{len(raw)} candidates in one request; send at most {MOST_ENTRIES} and the rest in "
            "further requests."
        )
    try:
        found = _ENTRIES.validate_python(raw)
    except ValidationError as error:
        return [], _errors(error)
    return [_entry(one) for one in found], []


def _json(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_constant)
    except RecursionError:
        raise BodyRefused("The JSON is nested too deeply; a candidate needs two levels.") from None
    except ValueError:  # also bytes that are no UTF-8
        raise BodyRefused(
            "The body is no valid JSON in UTF-8; check quotes, commas and the encoding."
        ) from None


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


def _errors(error: ValidationError) -> list[dict[str, Any]]:
    return [
        _told(one["loc"])
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ][:MOST_ERRORS]


def _told(place: Sequence[int | str]) -> dict[str, Any]:
    index = place[0] if place and isinstance(place[0], int) else None
    name = str(place[-1]) if len(place) > 1 else "candidate"
    if name == "candidate":
        message = "must be a JSON object with externalId, name, phone and posting"
    elif name == "profile":
        message = "profile must be a JSON object, or leave it out"
    else:
        message = f"{name} must be {EXPECTED.get(name, _TEXT)}"
    return {"index": index, "field": name, "message": message}


def _entry(one: Entry) -> AtsEntry:
    return AtsEntry(
        external_id=one.external_id,
        name=name_key(one.name) if not one.name.isascii() else " ".join(one.name.split()),
        phone=one.phone,
        posting=one.posting,
        email=one.email,
        title=one.title,
        source=one.source,
        profile=one.profile.model_dump(exclude_defaults=True),
    )

"""Import a sheet, look at what it would change, publish it; a unit's month and its versions."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from services import roster_discards
from services.console import scope
from services.console.grid import month_grid
from services.console.rosters import history, roster_page
from services.permissions import Act, require
from services.refusals import Refusal
from web.visit import SentFile, Visit, day_of, number

ENDINGS = {".xlsx", ".xls", ".csv"}
STAFF_SHEET = "人员"  # a staff list is no roster


async def import_form(visit: Visit) -> web.Response:
    units = await scope.units(visit.actor)
    wanted = visit.query("unit")
    chosen = number(wanted) if wanted else _first(units)
    if chosen is not None:
        require(visit.actor, Act.IMPORT_ROSTER, chosen)
    return visit.page("import.html", units=units, chosen=chosen, samples=sample_names(visit))


def _first(units: list[dict[str, int]]) -> int | None:
    return units[0]["id"] if units else None


async def take_file(visit: Visit) -> web.StreamResponse:
    assert visit.file is not None
    return await _draft(visit, visit.file)


async def take_sample(visit: Visit) -> web.StreamResponse:
    """A sheet out of the demo's folder, by a name that the folder itself lists."""
    name = visit.form.get("sample", "")
    folder = visit.console.samples
    if folder is None or name not in sample_names(visit):
        raise Refusal("file_missing")
    return await _draft(visit, SentFile(name, (folder / name).read_bytes()))


async def _draft(visit: Visit, file: SentFile) -> web.StreamResponse:
    unit_id = number(visit.form.get("unit", ""))
    draft = await visit.console.rosters.draft(visit.actor, unit_id, file.data, file.name)
    if draft.roster_id is not None:
        raise web.HTTPSeeOther(f"/console/rosters/{draft.roster_id}")
    unit = await scope.unit(visit.actor, unit_id)
    return visit.page("import_errors.html", status=422, draft=draft, unit=unit, file=file.name)


def sample_names(visit: Visit) -> list[str]:
    folder: Path | None = visit.console.samples
    if folder is None or not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in ENDINGS and path.is_file() and STAFF_SHEET not in path.name
    )


async def preview(visit: Visit) -> web.Response:
    page = await roster_page(visit.actor, visit.id_in_path())
    return visit.page("roster.html", roster=page, row=page.row)


async def publish(visit: Visit) -> web.StreamResponse:
    roster_id = visit.id_in_path()
    reason = visit.form.get("override", "").strip()[:200]
    await visit.console.rosters.publish(visit.actor, roster_id, override=reason)
    raise web.HTTPSeeOther(f"/console/rosters/{roster_id}")


async def discard(visit: Visit) -> web.StreamResponse:
    """Put a draft away; the page then says so."""
    roster_id = visit.id_in_path()
    await roster_discards.discard(visit.actor, roster_id, visit.now)
    raise web.HTTPSeeOther(f"/console/rosters/{roster_id}")


async def unit(visit: Visit) -> web.Response:
    unit_id = visit.id_in_path()
    found = await scope.unit(visit.actor, unit_id)
    month = day_of(f"{visit.query('month')}-01") or visit.today.replace(day=1)
    grid = await month_grid(visit.actor, unit_id, month, visit.console.rosters.codes)
    versions = await history(visit.actor, unit_id)
    return visit.page("unit.html", unit=found, grid=grid, versions=versions)

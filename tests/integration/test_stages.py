"""A stage that is moved by hand is not moved back by a letter that was on its way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.candidates import Stage
from models.clock import ManualClock
from services import stages
from services.refusals import Refusal
from tests.support.results import hr, prepared, ready, rooms

INTERVIEWED, WITHDRAWN = Stage.INTERVIEWED, Stage.WITHDRAWN


async def test_who_has_a_letter_on_its_way_stays_where_they_are_until_it_is_taken_back(
    services: Services, clock: ManualClock
) -> None:
    seen = await ready(services, clock.now() - timedelta(hours=2))
    outcome, by = await prepared(services, seen), await hr()
    application: int = await db.fetch_value(
        "UPDATE applications SET stage = 'interviewed' "
        "WHERE id = (SELECT application_id FROM interviews WHERE id = $1) RETURNING id",
        seen.id,
    )
    with pytest.raises(Refusal, match="stage_result"):
        await stages.move(by, application, INTERVIEWED, WITHDRAWN, clock)
    async with db.transaction():
        await rooms(services).outcomes.withdraw(by, outcome)
    await stages.move(by, application, INTERVIEWED, WITHDRAWN, clock)
    assert await db.fetch_value("SELECT stage FROM applications") == WITHDRAWN

"""What licences, call-outs, checklists and roster runs must never be, whatever the code does."""

from tortoise import migrations
from tortoise.migrations import operations as ops

GUARDS = """
CREATE UNIQUE INDEX licences_one ON licences (person_id, kind) WHERE state = 'current';
ALTER TABLE licences ADD CONSTRAINT licences_one_end
    CHECK (NOT (perpetual AND valid_to IS NOT NULL));
CREATE UNIQUE INDEX renewals_one ON renewals (licence_id) WHERE state = 'sent';
ALTER TABLE call_outs ADD CONSTRAINT call_outs_places
    CHECK (needed > 0 AND taken >= 0 AND taken <= needed);
CREATE UNIQUE INDEX call_outs_one ON call_outs (place_key) WHERE state IN ('asking', 'full');
CREATE INDEX call_answers_state ON call_answers (call_out_id, state);
CREATE UNIQUE INDEX checklists_one ON checklists (person_id, template, coalesce(subject_id, 0))
 WHERE state = 'open';
CREATE UNIQUE INDEX roster_runs_one ON roster_runs (unit_id, first_day)
 WHERE state IN ('waiting', 'solving');
ALTER TABLE wishes ADD CONSTRAINT wishes_days CHECK (last_day >= first_day);
"""

UNDO = """
ALTER TABLE wishes DROP CONSTRAINT wishes_days;
DROP INDEX roster_runs_one;
DROP INDEX checklists_one;
DROP INDEX call_answers_state;
DROP INDEX call_outs_one;
ALTER TABLE call_outs DROP CONSTRAINT call_outs_places;
DROP INDEX renewals_one;
ALTER TABLE licences DROP CONSTRAINT licences_one_end;
DROP INDEX licences_one;
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0008_licences_and_call_outs")]

    operations = [ops.RunSQL(GUARDS, UNDO)]

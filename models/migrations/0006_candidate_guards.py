"""What the tables of recruiting must never hold, whatever the code does."""

from tortoise import migrations
from tortoise.migrations import operations as ops

GUARDS = """
ALTER TABLE deliveries DROP CONSTRAINT deliveries_one_receiver;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_one_receiver
    CHECK (num_nonnulls(person_id, group_id, candidate_id) = 1);
ALTER TABLE asks ADD CONSTRAINT asks_one_receiver
    CHECK (num_nonnulls(person_id, candidate_id) = 1);
CREATE INDEX deliveries_sending_candidate ON deliveries (candidate_id) WHERE state = 'sending';
ALTER TABLE slots ADD CONSTRAINT slots_seats
    CHECK (capacity > 0 AND taken >= 0 AND taken <= capacity);
ALTER TABLE slots ADD CONSTRAINT slots_end_after_start CHECK (ends_at > starts_at);
CREATE UNIQUE INDEX interviews_open ON interviews (application_id)
 WHERE state IN ('invited', 'choosing', 'confirmed');
ALTER TABLE interviews ADD CONSTRAINT interviews_seated
    CHECK (state NOT IN ('invited', 'confirmed') OR slot_id IS NOT NULL);
CREATE INDEX interviews_result ON interviews (result_due_at) WHERE state IN ('confirmed', 'held');
CREATE UNIQUE INDEX outcomes_one ON outcomes (interview_id)
 WHERE state IN ('asked', 'waiting', 'sent');
ALTER TABLE outcomes ADD CONSTRAINT outcomes_rating CHECK (rating BETWEEN 1 AND 5);
"""

UNDO = """
ALTER TABLE outcomes DROP CONSTRAINT outcomes_rating;
DROP INDEX outcomes_one;
DROP INDEX interviews_result;
ALTER TABLE interviews DROP CONSTRAINT interviews_seated;
DROP INDEX interviews_open;
ALTER TABLE slots DROP CONSTRAINT slots_end_after_start;
ALTER TABLE slots DROP CONSTRAINT slots_seats;
DROP INDEX deliveries_sending_candidate;
ALTER TABLE asks DROP CONSTRAINT asks_one_receiver;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_one_receiver;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_one_receiver
    CHECK ((person_id IS NULL) <> (group_id IS NULL));
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0005_candidates")]

    operations = [ops.RunSQL(GUARDS, UNDO)]

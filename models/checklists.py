"""Checklists: what must be done when somebody comes, goes, or was called out."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model

from models.people import Person
from models.sealed import SealedText


class ChecklistState(StrEnum):
    PROPOSED = "proposed"  # an exit that nobody has confirmed yet
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"  # they do not come after all, or stay


class Checklist(Model):
    """`template` is a key of checklists.toml (entry, entry_nurse, exit, call_out …).

    `person` is whom it is about. `anchor` is the day its due dates count from: the first day of
    work, the last one, the day of the call-out. One open list per person and template.
    `subject_id` is the call-out it belongs to, if any.
    """

    id = fields.BigIntField(primary_key=True)
    template = fields.CharField(max_length=32)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="checklists", on_delete=fields.CASCADE
    )
    anchor = fields.DateField()
    subject_id = fields.BigIntField(null=True)
    state = fields.CharField(max_length=16, db_default="open")
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="checklists_opened", null=True, on_delete=fields.RESTRICT
    )
    opened_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "checklists"
        indexes = (Index(fields=["person_id", "state"], name="checklists_person"),)


class ItemState(StrEnum):
    OPEN = "open"
    DONE = "done"
    WAIVED = "waived"  # a manager says it does not apply, with a reason
    CANCELLED = "cancelled"


class ChecklistItem(Model):
    """One thing to do, by one owner. `key` and `title` come from the template when it is opened:
    a template that changes later rewrites no list.

    `mandatory` items of an entry list keep the newcomer from being rostered alone.
    """

    id = fields.BigIntField(primary_key=True)
    checklist: fields.ForeignKeyRelation[Checklist] = fields.ForeignKeyField(
        "models.Checklist", related_name="items", on_delete=fields.CASCADE
    )
    key = fields.CharField(max_length=32)
    title = fields.CharField(max_length=128)
    position = fields.SmallIntField()
    owner: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="checklist_items", on_delete=fields.RESTRICT
    )
    mandatory = fields.BooleanField(db_default=False)
    due_at = fields.DatetimeField()
    state = fields.CharField(max_length=16, db_default="open")
    done_at = fields.DatetimeField(null=True)
    done_by_id = fields.BigIntField(null=True)
    note = SealedText("checklist_items.note", null=True)
    overdue_told_at = fields.DatetimeField(null=True)

    class Meta:
        table = "checklist_items"
        unique_together = (("checklist", "key"),)
        indexes = (
            PartialIndex(
                fields=["due_at"], name="checklist_items_due", condition={"state": "open"}
            ),
            PartialIndex(
                fields=["owner_id"], name="checklist_items_owner", condition={"state": "open"}
            ),
        )

"""What an operator can do from a shell. Each command says what it did, or what to mend."""

from __future__ import annotations

import typer

from bot import database
from bot.channels import SendFailed
from bot.cli import (
    attendance,
    candidates,
    care,
    data,
    groups,
    recruiting_data,
    report,
    roster_draft,
    run,
    staffing_data,
)
from bot.cli.data import NothingApplied
from bot.cli.files import FileRefused
from bot.demo_platform import DemoError
from bot.schema_check import SchemaDrift
from bot.startup import StartRefused
from config.policies import PolicyError
from config.settings import SettingsError
from message_templates.errors import TemplateError
from models.sealed import SealError

CONFIGURATION_ERRORS = (
    DemoError,
    FileRefused,
    NothingApplied,
    PolicyError,
    SchemaDrift,
    SealError,
    SettingsError,
    TemplateError,
    SendFailed,
    StartRefused,
    database.DatabaseUnreachable,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Wardbell (护铃): hospital HR on WeCom and DingTalk.",
)
run.add_to(app)
data.add_to(app)
attendance.add_to(data.imports)
recruiting_data.add_to(data.imports)
care.add_to(app)
groups.add_to(app)
candidates.add_to(app)
report.add_to(app)
staffing_data.add_to(app)
roster_draft.add_to(staffing_data.roster)

"""Commands that look after a running bot: doctor, keys, audit, templates."""

from __future__ import annotations

import asyncio
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import ClientSession
from rich.console import Console
from rich.markup import escape

from bot import app as root
from bot import dingtalk, outside_doctor, robot, wecom
from bot.cli.data import services
from bot.platforms.dingtalk import doctor as dingtalk_doctor
from bot.platforms.dingtalk.readable import readable
from bot.platforms.findings import Finding, Level, finding
from bot.platforms.wecom.doctor import WeComSetup, examine
from bot.rotation import reseal
from bot.wiring import Services
from config.settings import Settings, SettingsError, add_key
from message_templates.catalogue import Catalogue
from models.clock import SHANGHAI, Clock, SystemClock
from services import audit
from services.audit_export import export
from services.unset_minimums import unset_wards

console = Console()
NOTHING_CONFIGURED = (
    "还没有配置企业微信或钉钉：请设置 WARDBELL_WECOM_CORP_ID、WARDBELL_WECOM_AGENT_ID、"
    "WARDBELL_WECOM_SECRET、WARDBELL_WECOM_CALLBACK_TOKEN、WARDBELL_WECOM_CALLBACK_AES_KEY，"
    "或 WARDBELL_WECOM_ROBOT_ID、WARDBELL_WECOM_ROBOT_SECRET，"
    "或 WARDBELL_DINGTALK_CORP_ID、WARDBELL_DINGTALK_CLIENT_ID、"
    "WARDBELL_DINGTALK_CLIENT_SECRET(见 README.zh-CN.md)"
)
MARKS = {
    Level.OK: "[green]✓[/green]",
    Level.WARN: "[yellow]![/yellow]",
    Level.ERROR: "[red]✗[/red]",
}
keys = typer.Typer(no_args_is_help=True, help="Keys for personal data.")
audits = typer.Typer(no_args_is_help=True, help="The audit log.")


def add_to(app: typer.Typer) -> None:
    app.command("doctor")(doctor)
    app.command("quota")(quota)
    app.command("templates")(templates)
    app.add_typer(keys, name="keys")
    app.add_typer(audits, name="audit")


def doctor() -> None:
    """Check a real configuration and say in plain Chinese what is wrong and how to mend it."""
    if not asyncio.run(_doctor()):
        raise SystemExit(1)


async def _doctor() -> bool:
    async with services() as (settings, core), root.client_session() as session:
        console.print("[green]✓[/green] 数据库：能连接，结构是最新的")
        if not _anything_configured(settings):
            raise SettingsError(NOTHING_CONFIGURED)
        findings: list[Finding] = []
        if settings.wecom_configured:
            findings += await _wecom(settings, session)
        if settings.wecom_robot_configured:
            findings.append(await robot.examined(settings, root.database_url(settings), session))
        if settings.dingtalk_configured:
            findings += await _dingtalk(settings, session, core)
        findings += await outside_doctor.examine(settings, session, SystemClock())
        findings += await ward_findings(SystemClock())
    for found in findings:
        console.print(f"{MARKS[found.level]} {escape(found.title)}", soft_wrap=True)
        if found.cure:
            console.print(f"    → {escape(found.cure)}", soft_wrap=True)
    return all(found.level is not Level.ERROR for found in findings)


async def ward_findings(clock: Clock) -> list[Finding]:
    """Wards that are worked in and can never be short, for want of a minimum."""
    names = [row["name"] for row in await unset_wards(clock.now())]
    if not names:
        return []
    shown = "、".join(names[:10]) + ("等" if len(names) > 10 else "")
    return [finding("gaps", Level.WARN, "no_minimum", names=shown, count=len(names))]


def _anything_configured(settings: Settings) -> bool:
    return (
        settings.wecom_configured
        or settings.wecom_robot_configured
        or settings.dingtalk_configured
    )


async def _dingtalk(settings: Settings, session: ClientSession, core: Services) -> list[Finding]:
    clock = SystemClock()
    used = (await core.quotas.used(dingtalk_doctor.PLATFORM)).get(dingtalk_doctor.API)
    setup = dingtalk_doctor.DingTalkSetup(
        settings.dingtalk_corp_id,
        settings.dingtalk_agent_id,
        settings.dingtalk_button_level,
        settings.dingtalk_card_template,
        settings.public_url,
        settings.dingtalk_stream,
        settings.dingtalk_callback_token.get_secret_value(),
        settings.dingtalk_callback_aes_key.get_secret_value(),
        settings.dingtalk_card_secret.get_secret_value(),
        used=used,
    )
    client = dingtalk.client(settings, session, clock)
    findings = await dingtalk_doctor.examine(setup, client, clock)
    if any(finding.level is Level.ERROR for finding in findings):
        return findings  # what cannot be reached cannot be read either
    today = clock.now().astimezone(SHANGHAI).date()
    return [*findings, *await readable(client, settings.dingtalk_op_user_id, today)]


async def _wecom(settings: Settings, session: ClientSession) -> list[Finding]:
    clock = SystemClock()
    setup = WeComSetup(
        settings.wecom_corp_id,
        settings.wecom_agent_id,
        f"{root.public_url(settings)}/callbacks/wecom/main",
        settings.wecom_callback_token.get_secret_value(),
        settings.wecom_callback_aes_key.get_secret_value(),
    )
    return await examine(setup, wecom.client(settings, session, clock), clock)


def quota(
    bought: Annotated[
        bool, typer.Option("--bought", help="more was bought: try again before the month ends")
    ] = False,
) -> None:
    """Show how much of DingTalk's monthly quota is used; take up sending after buying more."""
    asyncio.run(_quota(bought))


async def _quota(bought: bool) -> None:
    async with services() as (_, parts):
        if bought:
            await parts.quotas.resume("dingtalk")
        for kind, (used, limit) in (await parts.quotas.used("dingtalk")).items():
            name = "接口调用" if kind == "api" else "消息推送"
            console.print(f"钉钉本月{name}：{used}/{limit or '不限'}")
        if bought:
            console.print("已恢复发送。额度请同时改在 policies.toml 的 \\[quotas.dingtalk]。")


def templates(
    folder: Annotated[Path | None, typer.Argument(help="the hospital's own templates")] = None,
) -> None:
    """Render every template with its sample; the first that fails is named with its cure."""
    catalogue = Catalogue(*([folder] if folder else []))
    for template in catalogue:
        template.render(template.sample)
    console.print(f"{len(list(catalogue))} templates render with their samples")


@keys.command("rotate")
def rotate() -> None:
    """Add a key to the key file, seal with it from now on, and re-seal what is stored."""
    settings = Settings()
    if settings.encryption_keys.get_secret_value():
        raise SettingsError(
            "keys come from WARDBELL_ENCRYPTION_KEYS: append the new key there, restart, "
            "then run: python -m bot keys reseal"
        )
    key_id = add_key(settings.data_dir / "encryption.keys")
    console.print(
        f"added key {key_id}; running processes read it when they need it and seal with it after "
        "their next restart; then run `keys reseal` once more before removing old keys"
    )
    asyncio.run(_reseal())


@keys.command("reseal")
def reseal_all() -> None:
    """Re-seal everything that is not sealed with the newest key. Can be stopped and repeated."""
    asyncio.run(_reseal())


async def _reseal() -> None:
    async with services():
        for place, count in (await reseal()).items():
            console.print(f"{place}: {count} re-sealed")


@audits.command("verify")
def verify() -> None:
    """Walk the hash chain; exit 1 and name the place when a row was changed or is gone."""
    verdict = asyncio.run(_verify())
    if not verdict.intact:
        where = verdict.broken_at or verdict.missing
        console.print(f"[red]the chain breaks[/red] after {verdict.checked} rows, at {where}")
        raise SystemExit(1)
    console.print(f"{verdict.checked} rows, the chain is intact")


async def _verify() -> audit.Verdict:
    async with services():
        await audit.seal()
        return await audit.verify()


@audits.command("export")
def export_audit(
    first: Annotated[str, typer.Option(help="first day, 2026-12-01")],
    last: Annotated[str, typer.Option(help="last day, 2026-12-31")],
    person: Annotated[str, typer.Option(help="only this 工号")] = "",
) -> None:
    """Write the audit rows of a period, and of a person, to standard output as CSV."""
    sys.stdout.buffer.write(asyncio.run(_export(first, last, person)))


async def _export(first: str, last: str, person: str) -> bytes:
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise SettingsError("--first and --last are days such as 2026-12-01") from None
    async with services():
        return await export(*days, person)

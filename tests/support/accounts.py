"""Second accounts for people of the sample hospital, who all begin with WeCom alone."""

from __future__ import annotations

from models import db

_ADD = """
INSERT INTO identities (person_id, platform, user_id, union_id)
SELECT person_id, $2, $3, $4 FROM identities WHERE platform = 'wecom' AND user_id = $1
"""


async def on_dingtalk(user: str, user_id: str = "", union_id: str | None = None) -> str:
    """The WeCom user also has this account (`ding-USER`) on DingTalk."""
    account = user_id or f"ding-{user}"
    await db.execute(_ADD, user, "dingtalk", account, union_id)
    return account


async def accounts_of(staff_no: str) -> dict[str, tuple[str, str | None]]:
    """Platform → (user id, union id)."""
    rows = await db.fetch(
        "SELECT i.platform, i.user_id, i.union_id FROM identities i "
        "JOIN persons p ON p.id = i.person_id WHERE p.staff_no = $1",
        staff_no,
    )
    return {row["platform"]: (row["user_id"], row["union_id"]) for row in rows}


async def is_active(staff_no: str) -> bool:
    return bool(await db.fetch_value("SELECT active FROM persons WHERE staff_no = $1", staff_no))

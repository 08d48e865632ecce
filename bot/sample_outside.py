"""How the sample hospital reaches people outside: chat account, mail, text messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import sample
from bot.sample_candidates import CANDIDATES, OFFICE_PHONE, RECRUITER_ID

KFID = "wkSAMPLEpersonnel01"
SERVICERS = [RECRUITER_ID, sample.HR_HEAD]  # 接待人员 of the account
SENDER = "hr@hospital.example"
MAIL_PASSWORD = "mail-secret-of-no-real-server"  # noqa: S105 -- the simulator's, nobody's
SMS_KEY = "sample-key-id"
SMS_SECRET = "sms-secret-of-no-real-account"  # noqa: S105
SIGN = "示例医院"

_PHONE = f"如有疑问请致电人事科{OFFICE_PHONE}。"
# Purpose → the approved words; `{url}` is the fixed part of the link in them.
_TEXTS = {
    "invitation": "${address}您好，我院收到您应聘${post}的申请，想请您${time}来院面谈。"
    "地点、所需证件和答复请打开 {url}/i/${code} ，" + _PHONE,
    "other_times": "${address}您好，您应聘${post}的面谈有几个时间可以选择，"
    "请打开 {url}/i/${code} 选一个您方便的，" + _PHONE,
    "confirmed": "${address}您好，您应聘${post}的面谈已定在${time}。"
    "地点和所需证件请看 {url}/i/${code} ，临时来不了也请在那里告诉我们。",
    "reminder": "${address}您好，提醒您${time}来院面谈，应聘岗位是${post}。"
    "地点、地图和所需证件请看 {url}/i/${code} ，" + _PHONE,
    "cancelled": "${address}您好，很抱歉，原定${time}的面谈取消了，请不要再来院，"
    "应聘岗位是${post}。详情请看 {url}/i/${code} ，" + _PHONE,
    "result": "${address}您好，您应聘${post}的结果已出，请打开 {url}/i/${code} 查看，" + _PHONE,
    "called": "${address}您好，请${group}现在到${place}面谈，到了请告诉门口的同事。",
    "missed": "${address}您好，今天没有等到您来院面谈，应聘岗位是${post}。"
    "如果有事耽搁了，请打开 {url}/i/${code} 再约一个时间，" + _PHONE,
    "kept": "${address}您好，已按您的意愿保留简历，有合适的岗位会先联系您。"
    "想改主意或删除，请打开 {url}/i/${code} 办理。",
    "deleted": "您好，您在我院的应聘资料正在删除，最晚24小时内删完。"
    "回执编号${receipt}，请留存，" + _PHONE,
    "new_link": "${address}您好，您的新链接是 {url}/i/${code} ，只给您本人用，请不要转发。",
}


def code(purpose: str) -> str:
    """The provider's code of a purpose's template."""
    return f"SMS_{list(_TEXTS).index(purpose) + 2026001}"


def texts(public_url: str) -> dict[str, str]:
    """Code → approved words, as the provider keeps them."""
    return {code(purpose): words.replace("{url}", public_url) for purpose, words in _TEXTS.items()}


def simulated(public_url: str) -> dict[str, Any]:
    """The parts of the simulator's configuration for people outside."""
    rows = [one.row for one in CANDIDATES]
    return {
        "kf": {
            "accounts": [
                {"open_kfid": KFID, "name": f"{SIGN}{sample.OFFICE}", "servicers": SERVICERS}
            ],
            "customers": [
                *({"external_userid": c.wechat, "nickname": c.name} for c in CANDIDATES),
                {"external_userid": "wmSAMPLEstranger", "nickname": "路过的人"},
            ],
            "apps": [sample.AGENT_ID],
        },
        "mail": {
            "users": [{"address": row.email, "name": row.name} for row in rows],
            "auth": {"username": SENDER, "password": MAIL_PASSWORD},
        },
        "sms": {
            "access_key_id": SMS_KEY,
            "access_key_secret": SMS_SECRET,
            "sign_names": [SIGN],
            "templates": texts(public_url),
            "numbers": [{"number": row.phone, "name": row.name} for row in rows],
        },
        "people": [{"name": one.name, "phones": list(one.phones)} for one in CANDIDATES],
    }


def settings(sim: str, mail_port: int, folder: Path) -> dict[str, Any]:
    """Settings for the three ways; writes `sms.toml` into `folder`, which becomes policies_dir."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sms.toml").write_text(_policy(), "utf-8")
    return {
        "policies_dir": folder,
        "wecom_kf_accounts": KFID,
        "mail_host": "127.0.0.1",
        "mail_port": mail_port,
        "mail_tls": "none",
        "mail_username": SENDER,
        "mail_password": SecretStr(MAIL_PASSWORD),
        "mail_sender": SENDER,
        "sms_access_key_id": SMS_KEY,
        "sms_access_key_secret": SecretStr(SMS_SECRET),
        "sms_sign_name": SIGN,
        "sms_api": sim,
    }


def _policy() -> str:
    lines = ["[templates]"]
    for purpose, words in _TEXTS.items():
        names = [name for name in ("address", "post", "time", "code") if f"${{{name}}}" in words]
        variables = ", ".join(f'{name} = "{name}"' for name in names)
        lines.append(f'{purpose} = {{ code = "{code(purpose)}", variables = {{ {variables} }} }}')
    return "\n".join(lines) + "\n"

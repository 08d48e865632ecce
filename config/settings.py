"""Typed settings from the environment and an optional `wardbell.toml`; read by the root only."""

from __future__ import annotations

import base64
import os
import re
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.sealed import KeyRing

KEY_FILE_MODE = 0o600
LEAST_TOKEN = 24  # characters of a token that opens the API

_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")  # shorter than any key, which has 43 characters


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which and how to mend it."""


class Settings(BaseSettings):
    """Names are `WARDBELL_…` in the environment, lower case in `wardbell.toml`."""

    model_config = SettingsConfigDict(
        env_prefix="WARDBELL_",
        toml_file="wardbell.toml",
        extra="ignore",
        hide_input_in_errors=True,  # secrets are among them
    )

    database_url: str = Field(
        default="",
        validation_alias=AliasChoices("DATABASE_URL", "WARDBELL_DATABASE_URL", "database_url"),
        description="postgresql://…; empty starts the embedded PostgreSQL under data_dir",
    )
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    trusted_proxies: str = Field(
        default="",
        description="addresses or networks whose X-Forwarded-For is believed, with commas",
    )
    hospital: str = "示例医院"
    templates_dir: Path | None = None
    policies_dir: Path | None = None
    encryption_keys: SecretStr = SecretStr("")

    wecom_corp_id: str = ""
    wecom_agent_id: int = 0
    wecom_secret: SecretStr = SecretStr("")
    wecom_callback_token: SecretStr = SecretStr("")
    wecom_callback_aes_key: SecretStr = SecretStr("")
    wecom_old_callback_token: SecretStr = SecretStr("")
    wecom_old_callback_aes_key: SecretStr = SecretStr("")
    wecom_contacts_callback_token: SecretStr = SecretStr("")
    wecom_contacts_callback_aes_key: SecretStr = SecretStr("")
    wecom_api: str = "https://qyapi.weixin.qq.com"

    wecom_robot_id: str = ""
    wecom_robot_secret: SecretStr = SecretStr("")
    wecom_robot_url: str = "wss://openws.work.weixin.qq.com"

    dingtalk_corp_id: str = ""
    dingtalk_client_id: str = ""
    dingtalk_client_secret: SecretStr = SecretStr("")
    dingtalk_robot_code: str = Field(default="", description="empty: the same as the client id")
    dingtalk_agent_id: int = Field(default=0, description="0: no work notifications")
    dingtalk_stream: bool = Field(default=True, description="False: HTTP callbacks instead")
    dingtalk_connections: int = Field(
        default=1, ge=1, le=8, description="Stream sockets of one process"
    )
    dingtalk_callback_token: SecretStr = SecretStr("")
    dingtalk_callback_aes_key: SecretStr = SecretStr("")
    dingtalk_card_secret: SecretStr = Field(
        default=SecretStr(""), description="the apiSecret of registered card callbacks"
    )
    dingtalk_card_template: str = Field(default="", description="id of the imported template")
    dingtalk_buttons: Literal["", "template", "link", "command"] = Field(
        default="", description="empty: template if there is one, else link, else command"
    )
    dingtalk_op_user_id: str = Field(
        default="", description="userid of an attendance administrator; rosters are read as them"
    )
    dingtalk_cards: Literal["decisions", "all"] = Field(
        default="decisions",
        description="what becomes an interactive card; all: one call a person, mind the quota",
    )
    dingtalk_todos: bool = Field(
        default=True, description="approvals in to-do lists too; two calls of the quota each"
    )
    dingtalk_api: str = "https://api.dingtalk.com"
    dingtalk_old_api: str = "https://oapi.dingtalk.com"

    wecom_kf_accounts: str = Field(
        default="", description="open_kfid of 微信客服 accounts, separated by commas"
    )

    mail_host: str = ""
    mail_port: int = 587
    mail_tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none only for a mail server on the same machine"
    )
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_sender: str = Field(default="", description="the address candidates see, hr@…")
    mail_ca_file: Path | None = Field(default=None, description="a certificate authority of ours")

    sms_access_key_id: str = ""
    sms_access_key_secret: SecretStr = SecretStr("")
    sms_sign_name: str = Field(default="", description="the approved signature, without 【】")
    sms_api: str = "https://dysmsapi.aliyuncs.com"

    ats_name: str = Field(
        default="ats", min_length=1, max_length=32, description="under which its ids are kept"
    )
    ats_token: SecretStr = Field(
        default=SecretStr(""), description="bearer token of the applicant system; empty: no API"
    )

    clock_url: str = Field(default="", description="a simulator's clock to follow; demo only")
    samples_dir: Path | None = Field(
        default=None, description="sheets the console offers to try; demo only"
    )

    @field_validator(
        "wecom_callback_aes_key",
        "wecom_old_callback_aes_key",
        "wecom_contacts_callback_aes_key",
        "dingtalk_callback_aes_key",
    )
    @classmethod
    def _aes_key_is_43_long(cls, value: SecretStr) -> SecretStr:
        length = len(value.get_secret_value())
        if length not in (0, 43):
            raise ValueError(f"must have the 43 characters of the admin console, not {length}")
        return value

    @field_validator("ats_token")
    @classmethod
    def _ats_token_cannot_be_guessed(cls, value: SecretStr) -> SecretStr:
        length = len(value.get_secret_value())
        if 0 < length < LEAST_TOKEN:
            raise ValueError(f"must have {LEAST_TOKEN} characters or more, not {length}")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, value: str) -> str:
        for each in filter(None, (part.strip() for part in value.split(","))):
            ip_network(each)  # raises ValueError with the address in it
        return value

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        parts = (part.strip() for part in self.trusted_proxies.split(","))
        return tuple(ip_network(part) for part in parts if part)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- given by position
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def wecom_configured(self) -> bool:
        return bool(self.wecom_corp_id and self.wecom_secret.get_secret_value())

    @property
    def wecom_robot_configured(self) -> bool:
        return bool(self.wecom_robot_id and self.wecom_robot_secret.get_secret_value())

    @property
    def kf_accounts(self) -> tuple[str, ...]:
        names = (name.strip() for name in self.wecom_kf_accounts.split(","))
        return tuple(name for name in names if name)

    @property
    def kf_configured(self) -> bool:
        return self.wecom_configured and bool(self.kf_accounts)

    @property
    def mail_configured(self) -> bool:
        return bool(self.mail_host and self.mail_sender)

    @property
    def sms_configured(self) -> bool:
        secret = self.sms_access_key_secret.get_secret_value()
        return bool(self.sms_access_key_id and secret and self.sms_sign_name)

    @property
    def dingtalk_configured(self) -> bool:
        return bool(self.dingtalk_client_id and self.dingtalk_client_secret.get_secret_value())

    @property
    def dingtalk_taps_come_in(self) -> bool:
        """Over HTTP a tap without a secret to prove it would be answered by nobody."""
        return self.dingtalk_stream or bool(self.dingtalk_card_secret.get_secret_value())

    @property
    def dingtalk_button_level(self) -> str:
        """`template`, `link` or `command`: the best that is configured, unless one is chosen."""
        if self.dingtalk_buttons:
            return self.dingtalk_buttons
        if self.dingtalk_card_template and self.dingtalk_taps_come_in:
            return "template"
        return "link" if self.public_url else "command"

    def secrets(self) -> list[str]:
        """Every secret value, so that logs can leave them out."""
        fields = [getattr(self, name) for name in type(self).model_fields]
        return [f.get_secret_value() for f in fields if isinstance(f, SecretStr)]


def key_ring(settings: Settings) -> KeyRing:
    """The keys for personal data: from the environment, or a key file made on first run.

    `WARDBELL_ENCRYPTION_KEYS` is `ID=BASE64[,ID=BASE64…]`, 32 bytes each, the newest last. The
    key file has the same form, one key a line. Raises SettingsError.
    """
    text = settings.encryption_keys.get_secret_value()
    if not text:
        text = _key_file(settings.data_dir / "encryption.keys")
    keys = dict(_keys(text))
    try:
        return KeyRing(keys, current=list(keys)[-1])
    except (ValueError, IndexError) as error:
        raise SettingsError(f"encryption keys: {error}") from None


def _keys(text: str) -> list[tuple[str, bytes]]:
    """Raises SettingsError, which quotes an id only where it cannot be the key itself."""
    found = []
    items = [item.strip() for item in text.replace("\n", ",").split(",") if item.strip()]
    for number, item in enumerate(items, start=1):
        key_id, _, body = item.partition("=")
        if not body or not _KEY_ID.fullmatch(key_id):
            raise SettingsError(
                f"encryption key {number} must be ID=BASE64 with an id of at most 32 letters "
                "and digits, such as k1=…; write the id in front of it"
            )
        try:
            found.append((key_id, base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
        except ValueError:
            raise SettingsError(f"encryption key {key_id!r} is not base64") from None
    return found


def new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def _key_file(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_FILE_MODE)
    except FileExistsError:
        _check_mode(path)
        return path.read_text("ascii")
    with os.fdopen(handle, "w") as file:
        file.write(f"k1={new_key()}\n")
    return path.read_text("ascii")


def _check_mode(path: Path) -> None:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise SettingsError(f"{path} can be read by others (mode {mode:o}); run: chmod 600 {path}")


def add_key(path: Path) -> str:
    """Append a new key to the key file; it seals from now on. Returns its id."""
    text = _key_file(path)
    key_id = f"k{len(_keys(text)) + 1}"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    with os.fdopen(handle, "a") as file:
        file.write(f"{key_id}={new_key()}\n")
    return key_id

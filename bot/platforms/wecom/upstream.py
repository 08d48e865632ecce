"""The only module that imports wechatpy; 1.8 calls WeCom `enterprise`, 2.0 calls it `work`.

Taken from it: the AES cipher, block-32 padding, message classes, the text reply and error codes.
Not taken: its envelope parser (XML before the signature), `!=` comparison, unchecked padding and
`random` prefix (crypto.py), and its blocking client (client.py).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from wechatpy.constants import WeChatErrorCode as ErrorCode
from wechatpy.crypto.base import PKCS7Encoder, WeChatCipher
from wechatpy.enterprise.messages import MESSAGE_TYPES
from wechatpy.enterprise.replies import TextReply

__all__ = ["ErrorCode", "MessageCipher", "message_field", "text_reply"]


class MessageCipher:
    """AES-256-CBC whose IV is the head of the key (D90968); input and output are raw bytes."""

    def __init__(self, encoding_aes_key: str) -> None:
        self._cipher = WeChatCipher(base64.b64decode(encoding_aes_key + "="))

    def encrypt(self, plaintext: bytes) -> bytes:
        """Pads to a multiple of 32 first."""
        return bytes(self._cipher.encrypt(PKCS7Encoder.encode(plaintext)))

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Leaves the padding on. Raises ValueError unless `ciphertext` is whole blocks."""
        return bytes(self._cipher.decrypt(ciphertext))


def message_field(kind: str, fields: Mapping[str, str], name: str) -> str:
    """A field of a message by wechatpy's name for it, such as `content` or `media_id`."""
    known = MESSAGE_TYPES.get(kind)
    return "" if known is None else str(getattr(known(dict(fields)), name, None) or "")


def text_reply(content: str, *, to: str, sender: str, at: int) -> str:
    """A passive text reply (D90241). wechatpy does not guard CDATA, so `]]>` is split here."""
    safe = content.replace("]]>", "]]]]><![CDATA[>")
    return str(TextReply(target=to, source=sender, time=at, content=safe).render())

"""What mail and text messages remember besides what the phones show."""

from __future__ import annotations

from simulator.sms.signing import SmsError


class Post:
    """Where the mail server listens, whom greylisting sent away once, which nonces were used."""

    def __init__(self) -> None:
        self.port = 0
        self.certificate = ""
        self._seen: set[str] = set()
        self._nonces: set[str] = set()

    def greylisted(self, address: str) -> bool:
        """Whether this is the first time that somebody writes to this address."""
        known = address.lower() in self._seen
        self._seen.add(address.lower())
        return not known

    def once(self, nonce: str) -> None:
        """Note a nonce of a signed request. Raises SmsError when it is missing or came before."""
        if not nonce or nonce in self._nonces:
            raise SmsError("SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces.add(nonce)

    def forget(self) -> None:
        self._seen.clear()
        self._nonces.clear()

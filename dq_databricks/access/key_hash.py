"""How keys are stored: a hash that names its method. The key itself is nowhere.

A key has 256 random bits, so one HMAC with a pepper is enough; slow hashes are for passwords.
bcrypt is accepted where rules ask for it, and then carried out at most once per key and minute.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Literal, get_args

from dq_databricks.errors import MissingExtraError, ParameterError

HashMethod = Literal["hmac-sha256", "bcrypt"]
DEFAULT_METHOD: HashMethod = "hmac-sha256"
BCRYPT_AGAIN_S = 60.0
_MOST_REMEMBERED = 1000
_BCRYPT_ROUNDS = 12


def hashed(key: str, pepper: bytes, method: str = DEFAULT_METHOD) -> str:
    """The stored form of `key`. Raises ParameterError, MissingExtraError."""
    if method == "bcrypt":
        salt = _bcrypt().gensalt(_BCRYPT_ROUNDS)
        return f"bcrypt:{_bcrypt().hashpw(key.encode(), salt).decode()}"
    if method != DEFAULT_METHOD:
        raise ParameterError(f"hash {method!r}: there are {', '.join(get_args(HashMethod))}")
    return f"{DEFAULT_METHOD}:{_mac(key, pepper)}"


class KeyChecker:
    """Compares keys with what is stored, in constant time."""

    def __init__(self, pepper: bytes, monotonic: Callable[[], float]) -> None:
        self._pepper = pepper
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}

    def is_right(self, key: str, stored: str) -> bool:
        """Whether `key` is the one that was stored as `stored`."""
        method, _, value = stored.partition(":")
        mac = _mac(key, self._pepper)
        if method == DEFAULT_METHOD:
            return hmac.compare_digest(mac, value)
        return method == "bcrypt" and (self._is_known(stored, mac) or self._slow(key, value, mac))

    def compare_with_nothing(self, key: str) -> None:
        """Take as long for a key whose prefix is not stored as for one that is."""
        hmac.compare_digest(_mac(key, self._pepper), "0" * 64)

    def _is_known(self, stored: str, mac: str) -> bool:
        with self._lock:
            known, until = self._known.get(stored, ("", 0.0))
        return hmac.compare_digest(known, mac) and self._monotonic() < until

    def _slow(self, key: str, value: str, mac: str) -> bool:
        if not _bcrypt().checkpw(key.encode(), value.encode()):
            return False
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[f"bcrypt:{value}"] = (mac, self._monotonic() + BCRYPT_AGAIN_S)
        return True


def _mac(key: str, pepper: bytes) -> str:
    return hmac.new(pepper, key.encode(), hashlib.sha256).hexdigest()


def _bcrypt() -> ModuleType:
    try:
        import bcrypt
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "bcrypt hashes need the extra service: pip install 'dq-databricks[service]'"
        ) from error
    return bcrypt

"""Bearer tokens of an identity provider (OpenID Connect), checked against its published keys."""

from __future__ import annotations

import ipaddress
import json
import threading
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from api.settings import Settings
from hrv.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from jwt import PyJWKClient

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by published keys; never `none`, never a shared secret."""
_TIMEOUT_S = 5.0
_LEEWAY_S = 30
_KEYS_KEPT_S = 300
COOLDOWN_S = 10.0
"""How soon a token with an unknown key lets the provider be asked for its keys again."""


def provider_of(settings: Settings) -> Provider | None:
    """Return the provider that the settings name; None without one."""
    issuer = settings.oidc_issuer
    return Provider(issuer, settings.oidc_audience) if issuer else None


class WrongTokenError(Exception):
    """A token that proves nothing; the message says why, without quoting it."""


class UnreachableError(Exception):
    """The provider does not answer."""


class Provider:
    """An identity provider.

    Parameters
    ----------
    issuer : str
        Its address, as `iss` of its tokens says it.
    audience : str
        What a token must be meant for (`aud`).

    Raises
    ------
    InputError
        If the address is not https (http only on this machine), or no audience is given: a token
        that was meant for another service would open this one.
    MissingExtraError
        If the extra is not installed.
    """

    def __init__(self, issuer: str, audience: str) -> None:
        try:
            import jwt  # noqa: F401
        except ImportError:
            raise MissingExtraError("oidc", "take tokens of an identity provider") from None
        if not _safe(issuer):
            raise InputError(f"HRV_OIDC_ISSUER is {issuer!r}; it must be an https:// address")
        if not audience:
            raise InputError("HRV_OIDC_AUDIENCE must say what a token of the provider is meant for")
        self.issuer, self._audience = issuer, audience
        self._lock = threading.Lock()
        self._keys: PyJWKClient | None = None

    def subject_of(self, token: str) -> str:
        """Return whose token it is.

        Raises
        ------
        WrongTokenError
            If it is not signed by the provider, not meant for us, or has expired.
        UnreachableError
            If the provider's keys cannot be fetched.
        """
        import jwt

        try:
            key = self._published().get_signing_key_from_jwt(token)
            said: dict[str, Any] = jwt.decode(
                token, key.key, algorithms=list(ALGORITHMS), audience=self._audience,
                issuer=self.issuer, leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )  # fmt: skip
        except jwt.PyJWKClientConnectionError:
            raise UnreachableError(self.issuer) from None
        except (jwt.PyJWTError, ValueError) as error:
            raise WrongTokenError(_why(error)) from None
        return str(said["sub"])

    def _published(self) -> PyJWKClient:
        from jwt import PyJWKClient

        with self._lock:
            if self._keys is None:
                self._keys = PyJWKClient(
                    self._where(),
                    lifespan=_KEYS_KEPT_S,
                    timeout=int(_TIMEOUT_S),
                    cooldown_duration=COOLDOWN_S,
                )
            return self._keys

    def _where(self) -> str:
        """Ask the provider where its keys are (OpenID Connect Discovery 1.0)."""
        at = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            with urllib.request.urlopen(at, timeout=_TIMEOUT_S) as answer:
                found = json.load(answer)
            issuer, keys = str(found["issuer"]), str(found["jwks_uri"])
        except (OSError, ValueError, KeyError, TypeError):
            raise UnreachableError(self.issuer) from None
        if issuer != self.issuer or not _safe(keys):
            raise UnreachableError(self.issuer)
        return keys


def _why(error: Exception) -> str:
    named = {
        "ExpiredSignatureError": "has expired",
        "InvalidAudienceError": "is meant for another service",
        "InvalidIssuerError": "is of another provider",
        "MissingRequiredClaimError": "does not say whose, whither and how long",
        "ImmatureSignatureError": "is not valid yet",
    }
    return named.get(type(error).__name__, "is not signed by the provider's published keys")


def _safe(address: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False

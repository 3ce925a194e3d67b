"""Why Redis can't be used from here, as a sentence that says what to do."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.redis_address import RedisAddress


def why_not(error: RedisError, address: RedisAddress) -> str:
    """Say what a first try to speak to Redis ran into; nothing of a password is in it."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"The certificate of Redis is not trusted here: {cause.verify_message}. Write "
                "ssl_ca_certs=/its/authority.pem in REDIS_URL, and the host by its name there."
            )
    if isinstance(error, MasterNotFoundError):
        return (
            f"The sentinels of REDIS_URL know no {address.primary} that is up: "
            "write the name that their settings give the primary, or start it."
        )
    if isinstance(error, AuthenticationError):
        return f"Redis does not know the user or the password of REDIS_URL: {error}"
    if isinstance(error, NoPermissionError):
        return f"The user of REDIS_URL may do too little, see docs/redis.md: {error}"
    if address.tls is not None:
        return (
            f"Redis does not answer through TLS: {type(error).__name__}. If it asks for a "
            "certificate, write ssl_certfile and ssl_keyfile in REDIS_URL; if it has no TLS, "
            "redis for rediss."
        )
    return f"Redis does not answer: {type(error).__name__}"


def why_no_cluster(error: Exception, address: RedisAddress) -> str:
    """Say the same of a cluster, of which at least one server was asked."""
    for cause in _causes(error):
        if isinstance(cause, RedisError) and not isinstance(cause, ResponseError):
            return why_not(cause, address)
        if isinstance(cause, NoPermissionError):
            return why_not(cause, address)
        if isinstance(cause, ResponseError):
            return "The Redis that REDIS_URL names is none of a cluster: write redis:// instead."
    return "The cluster of REDIS_URL has slots that no server serves: see CLUSTER INFO there."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

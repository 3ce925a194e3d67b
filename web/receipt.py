"""The sender's side: how a secret stands, revoke, unlock, and the page that shows it.

The right to all of it is the revoke token, which the page has in its link's fragment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from core.draft import token_proof
from core.errors import Malformed
from core.link import KEY_SIZE, decode
from core.secret import State
from web.fields import Fields, bearer, secret_id
from web.keys import PAGES, VAULT

if TYPE_CHECKING:
    from datetime import datetime

    from core.link import SecretId
    from core.secret import Status

routes = web.RouteTableDef()


def receipt_url(public_url: str, name: SecretId, token: str) -> str:
    """Write the secret link of a receipt: `<public_url>/receipt/<id>#<revoke token>`."""
    return f"{public_url.rstrip('/')}/receipt/{name}#{token}"


@routes.get("/receipt/{id}")
async def page(request: web.Request) -> web.Response:
    """Give the page: the same bytes for every id, without a look at any secret."""
    return request.app[PAGES].answer(request, "receipt")


@routes.post("/s/{id}/status")
async def status(request: web.Request) -> web.Response:
    """Tell the sender how it stands."""
    told = await request.app[VAULT].control.status(secret_id(request), _proof(bearer(request)))
    return web.json_response(
        {
            "state": told.state.value,
            "protected": told.protected,
            "attempts_left": told.attempts_left,
            "unlocks_left": told.unlocks_left,
            "created_at": _moment(told.created_at),
            "expires_at": _moment(told.expires_at),
            "ended_at": told.ended_at and _moment(told.ended_at),
            "size": told.size,
        }
    )


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@routes.delete("/s/{id}")
async def revoke(request: web.Request) -> web.Response:
    """Revoke, with the token that the sender got."""
    await request.app[VAULT].control.revoke(secret_id(request), _proof(bearer(request)))
    return web.Response(status=204)


@routes.post("/s/{id}/unlock")
async def unlock(request: web.Request) -> web.Response:
    """Unlock after wrong passwords, with the token that the sender got."""
    await request.app[VAULT].control.unlock(secret_id(request), _proof(bearer(request)))
    return web.Response(status=204)


@routes.post("/receipt/{id}")
async def without_script(request: web.Request) -> web.Response:
    """Do all of it for a browser without JavaScript: the receipt's link is pasted."""
    fields = await Fields.read(request)
    vault, name = request.app[VAULT], secret_id(request)
    token = fields.need("link-key").strip().rpartition("#")[2]
    proof, wish = _proof(token), fields.get("wish")
    if wish == "revoke":
        await vault.control.revoke(name, proof)
    elif wish == "unlock":
        await vault.control.unlock(name, proof)
    elif wish is not None:
        raise Malformed("wish: send revoke, unlock or none")
    told = await vault.control.status(name, proof)
    return request.app[PAGES].standing(status=told, stands=_standing(told), token=token)


def _standing(status: Status) -> str:
    """Name how it stands, as `standings.html` does; `receipt.js` does the same."""
    if status.state in {State.OPENED, State.BURNED}:
        return "opened" if status.ended_at else "receiving"
    if status.state is State.LOCKED and status.attempts_left:
        return "unread"
    return status.state.value


def _proof(token: str) -> bytes:
    return token_proof(decode(token, KEY_SIZE, "revoke token"))

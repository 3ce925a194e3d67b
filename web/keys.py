"""What the application carries, by name."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from core.bootstrap import House
from core.settings import Settings
from core.vault import Vault
from web.addresses import Addresses
from web.pages import Pages
from web.sign_in import SignIn

VAULT = web.AppKey("vault", Vault)
HOUSE = web.AppKey("house", House)
SETTINGS = web.AppKey("settings", Settings)
DESCRIPTION = web.AppKey("description", dict[str, Any])
SIGN_IN = web.AppKey("sign_in", SignIn)
PAGES = web.AppKey("pages", Pages)
ADDRESSES = web.AppKey("addresses", Addresses)

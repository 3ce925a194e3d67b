"""What the application carries, by name."""

from __future__ import annotations

from aiohttp import web

from core.bootstrap import House
from core.settings import Settings
from core.vault import Vault
from web.addresses import Addresses
from web.pages import Pages

VAULT = web.AppKey("vault", Vault)
HOUSE = web.AppKey("house", House)
SETTINGS = web.AppKey("settings", Settings)
PAGES = web.AppKey("pages", Pages)
ADDRESSES = web.AppKey("addresses", Addresses)

"""What the description of the API says is what the server does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.link import Claim, Link
from tests.admin import LOGIN, with_admin
from web.app import create_app
from web.problems import SHOWN, TABLE

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

    from core.settings import Settings
    from tests.conftest import Web

# Pages and what belongs to them: for people, not for programs.
PAGES = {
    *("GET /", "GET /s/{id}", "GET /d/{id}", "GET /download/{id}", "GET /r/{id}", "GET /privacy"),
    *("GET /static/{name}", "GET /robots.txt", "GET /docs", "GET /stats", "POST /s/{id}"),
    *("GET /auth/login", "POST /auth/login", "POST /auth/logout", "GET /language"),
    *("GET /receipt/{id}", "POST /receipt/{id}"),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give the server an admin."""
    return with_admin(settings)


@pytest.fixture
async def description(web: Web, client: ClientSession) -> dict[str, Any]:
    """Fetch the description."""
    told: dict[str, Any] = await (await client.get(f"{web.url}/openapi.json")).json()
    return told


async def test_description_is_valid_and_names_every_route(
    web: Web, description: dict[str, Any]
) -> None:
    """It is OpenAPI 3.1, and each route is described or known to be a page."""
    OpenAPIV31SpecValidator(description).validate()
    described = {
        f"{method.upper()} {path}"
        for path, calls in description["paths"].items()
        for method in calls
    }
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in create_app(web.house, web.settings).router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert routes == described | PAGES
    assert not described & PAGES


async def test_description_has_every_refusal(description: dict[str, Any]) -> None:
    """No status that a problem has is missing from all calls."""
    told = {
        int(status)
        for calls in description["paths"].values()
        for call in calls.values()
        for status in call["responses"]
    }
    assert {status for status, _, _ in TABLE.values()} <= told
    for calls in description["paths"].values():
        for call in calls.values():  # asking for what is not there is limited everywhere
            assert "404" not in call["responses"] or "429" in call["responses"]
    fields = set(description["components"]["schemas"]["Problem"]["properties"])
    assert fields == {"type", "title", "status", "detail", *SHOWN}


async def test_answers_have_the_shapes_that_are_described(
    web: Web, client: ClientSession, description: dict[str, Any]
) -> None:
    """Every kind of JSON answer fits its schema, without a field more."""
    fitted = set()

    async def fits(call: str, answer: ClientResponse) -> Any:
        method, path = call.split(" ")
        told = description["paths"][path][method.lower()]["responses"][str(answer.status)]
        schema = told["content"][answer.content_type]["schema"]
        body = await answer.json()
        Draft202012Validator({**description, **schema}).validate(body)
        fitted.add(schema["$ref"].rpartition("/")[2])
        return body

    url = web.url
    shared = await fits("POST /upload", await client.post(f"{url}/upload", data={"text": "x"}))
    link, claim = Link.parse(shared["link"]), Claim.random().reveal()
    at, key = f"{url}/s/{link.id}", link.key.reveal()
    sender = {"Authorization": f"Bearer {shared['revoke_token']}"}
    await fits("POST /s/{id}/status", await client.post(f"{at}/status", headers=sender))
    await fits("POST /s/{id}/peek", await client.post(f"{at}/peek", json={"key": key}))
    rights = {"key": key, "claim": claim}
    opened = await fits("POST /s/{id}/open", await client.post(f"{at}/open", json=rights))
    rights = {"claim": claim, "ticket": opened["ticket"]}
    assert (await client.post(f"{at}/data", json=rights)).status == 200
    await fits("POST /s/{id}/progress", await client.post(f"{at}/progress", json=rights))
    assert (await client.post(f"{at}/done", json=rights)).status == 204
    gone = await client.post(f"{url}/d/{link.id}", json={"key": key})
    await fits("POST /d/{id}", gone)
    token = await fits("POST /auth/token", await client.post(f"{url}/auth/token", json=LOGIN))
    admin = {"Authorization": f"Bearer {token['token']}"}
    for path in ("/stats-json", "/list-files", "/healthz", "/readyz"):
        await fits(f"GET {path}", await client.get(url + path, headers=admin))
    schemas = set(description["components"]["schemas"])
    assert schemas - fitted == {"Invitation", "HandedIn", "Slot"}


async def test_docs_are_a_page_of_our_own(web: Web, client: ClientSession) -> None:
    """The page for people tells every call, and loads nothing from elsewhere."""
    answer = await client.get(f"{web.url}/docs")
    page = await answer.text()
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for call in ("/upload", "/d/{id}", "/stats-json", "/admin/burn/{id}"):
        assert f"<code>{call}</code>" in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)

"""Discord's own OpenAPI description, as a judge of what the bot and the fake say."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "discord-openapi.json"
LONGEST_CONTENT = 2000  # not in the description; the platform refuses more


@cache
def _load() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SPEC.read_text())
    return loaded


class Spec:
    """Collects what is wrong with requests and answers; empty where the description is absent."""

    def __init__(self) -> None:
        self.present = SPEC.is_file()
        self.wrong: list[str] = []
        if self.present:
            resource = DRAFT202012.create_resource(_load())
            self._registry: Registry[Any] = Registry().with_resource("urn:discord", resource)
            self._paths = [
                (re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path))), path)
                for path in sorted(_load()["paths"], key=lambda path: path.count("{"))
            ]

    def check_request(self, method: str, path: str, body: object) -> None:
        """Judge what the bot asked."""
        if isinstance(body, dict) and len(str(body.get("content") or "")) > LONGEST_CONTENT:
            self.wrong.append(f"{path}: content is too long")
        if self.present:
            content = self._operation(method, path).get("requestBody", {}).get("content", {})
            self._check(f"{method} {path}", content, _ids_spelled(body))

    def check_answer(self, method: str, path: str, status: int, body: object) -> None:
        """Judge what the fake is about to answer."""
        if self.present:
            answers = self._operation(method, path)["responses"]
            content = answers.get(str(status), answers.get("4XX", {})).get("content", {})
            self._check(f"answer to {method} {path}", content, body)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for pattern, template in self._paths:
            if pattern.fullmatch(path) and method.lower() in _load()["paths"][template]:
                found: dict[str, Any] = _load()["paths"][template][method.lower()]
                return found
        self.wrong.append(f"{method} {path}: unknown")
        return {"responses": {}}

    def _check(self, where: str, content: dict[str, Any], body: object) -> None:
        schema = content.get("application/json", {}).get("schema")
        if schema is None or body is None:
            return
        validator = Draft202012Validator(_absolute(schema), registry=self._registry)
        for error in validator.iter_errors(body):
            deepest = min(error.context or [error], key=lambda e: -len(e.absolute_path))
            self.wrong.append(f"{where}: {list(deepest.absolute_path)}: {deepest.message[:300]}")


def _absolute(schema: Any) -> Any:
    """Point a part's references back into the whole description."""
    if isinstance(schema, dict):
        return {
            key: f"urn:discord{value}" if key == "$ref" else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def _ids_spelled(body: Any) -> Any:
    """Spell ids out: the platform takes them as numbers too, which its description leaves out."""
    if isinstance(body, dict):
        return {
            key: str(value)
            if key.endswith("_id") and isinstance(value, int)
            else _ids_spelled(value)
            for key, value in body.items()
        }
    return [_ids_spelled(item) for item in body] if isinstance(body, list) else body

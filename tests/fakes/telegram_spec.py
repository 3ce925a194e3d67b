"""The platform's own description of its API, as a judge of what the bot and the fake say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "telegram-bot-api.json"

_LENGTH = re.compile(r"(\d+)-(\d+) (characters|bytes)")
_PLAIN: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
    "True": (bool,),
}


class Spec:
    """Collects what is wrong with calls and objects; empty where the description is absent."""

    def __init__(self) -> None:
        self.present = SPEC.is_file()
        self._spec: dict[str, Any] = json.loads(SPEC.read_text()) if self.present else {}
        self.wrong: list[str] = []

    def check_call(self, method: str, parameters: dict[str, Any]) -> None:
        """Judge a call of the bot."""
        if self.present:
            self._check_fields(method, self._spec["methods"][method], parameters)

    def check_object(self, kind: str, value: object) -> None:
        """Judge an object that the fake is about to send."""
        if self.present:
            self._check(kind, kind, value, "")

    def check_answer(self, method: str, value: object) -> None:
        """Judge what a call is answered with."""
        if self.present:
            field = {"types": self._spec["methods"][method]["returns"], "description": ""}
            self._check_any(f"{method}'s answer", field, value)

    def _check_fields(self, where: str, described: dict[str, Any], given: dict[str, Any]) -> None:
        fields = {field["name"]: field for field in described.get("fields", [])}
        for name in given.keys() - fields.keys():
            self.wrong.append(f"{where}.{name}: unknown")
        for name, field in fields.items():
            if name in given:
                self._check_any(f"{where}.{name}", field, given[name])
            elif field["required"]:
                self.wrong.append(f"{where}.{name}: missing")

    def _check_any(self, where: str, field: dict[str, Any], value: object) -> None:
        before = len(self.wrong)
        tried = []
        for kind in field["types"]:
            del self.wrong[before:]
            self._check(where, kind, value, field["description"])
            if len(self.wrong) == before:
                return
            tried += self.wrong[before:]
        self.wrong[before:] = tried

    def _check(self, where: str, kind: str, value: object, text: str) -> None:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                self.wrong.append(f"{where}: no array")
                return
            for item in value:
                self._check(f"{where}[]", kind.removeprefix("Array of "), item, "")
        elif kind in _PLAIN:
            self._check_plain(where, kind, value, text)
        else:
            self._check_type(where, kind, value)

    def _check_plain(self, where: str, kind: str, value: object, text: str) -> None:
        if not isinstance(value, _PLAIN[kind]) or (kind == "Integer" and isinstance(value, bool)):
            self.wrong.append(f"{where}: no {kind}")
            return
        length = _LENGTH.search(text)
        if length is None or not isinstance(value, str):
            return
        # Telegram counts UTF-16 units where it says characters.
        size = len(value.encode()) if length[3] == "bytes" else len(value.encode("utf-16-le")) // 2
        if not int(length[1]) <= size <= int(length[2]):
            self.wrong.append(f"{where}: {size} is not {length[0]}")

    def _check_type(self, where: str, kind: str, value: object) -> None:
        described = self._spec["types"].get(kind)
        if described is None or not isinstance(value, dict):
            self.wrong.append(f"{where}: no {kind}")
        elif described.get("subtypes"):
            field = {"types": described["subtypes"], "description": ""}
            self._check_any(where, field, value)
        else:
            self._check_fields(f"{where}({kind})", described, value)

"""What is wrong with the calls of a bot and the answers of the fake, by two independent judges.

One is aiogram's models, generated from the platform's documentation; the other is the platform's
machine-readable description, which adds names, required fields and lengths, where it is present.
"""

from __future__ import annotations

from typing import Any

import aiogram.methods
import aiogram.types
from pydantic import TypeAdapter, ValidationError

from tests.fakes.telegram_spec import Spec


class Judge:
    """Collects violations; one of them fails the test."""

    def __init__(self) -> None:
        self.spec = Spec()
        self._models: list[str] = []

    @property
    def wrong(self) -> list[str]:
        """Tell every violation so far, without the values."""
        return self._models + self.spec.wrong

    def update(self, update: dict[str, Any]) -> None:
        """Judge an update that the bot is about to be told."""
        self._model("Update", aiogram.types.Update, update)
        self.spec.check_object("Update", update)

    def call(self, method: str, parameters: dict[str, Any]) -> None:
        """Judge a call of the bot."""
        model = _model_of(method)
        if model is None:
            self._models.append(f"{method}: no such method")
            return
        self._model(method, model, parameters)
        self.spec.check_call(method, parameters)

    def answer(self, method: str, value: object) -> None:
        """Judge what the fake answers to a call that went well."""
        self._model(f"{method}'s answer", _model_of(method).__returning__, value)
        self.spec.check_answer(method, value)

    def _model(self, where: str, model: Any, value: object) -> None:
        try:
            TypeAdapter(model).validate_python(value)
        except ValidationError as error:
            self._models += [f"{where}{e['loc']}: {e['msg']}" for e in error.errors()]


def _model_of(method: str) -> Any:
    return getattr(aiogram.methods, method[0].upper() + method[1:], None)

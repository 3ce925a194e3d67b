"""The Telegram of the tests notices what the real one would not accept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.telegram_chats import SAM
from tests.fakes.telegram_judge import Judge

PRIVATE = {"id": 42, "type": "private", "first_name": "Sam"}
LINK = {"text": "x", "callback_data": "x" * 65}
BUTTONS = {"inline_keyboard": [[LINK]]}


@pytest.fixture
def judge() -> Judge:
    """Give a judge who has seen nothing yet."""
    return Judge()


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("sendMessage", {"chat_id": 1}),
        ("sendMessage", {"chat_id": 1, "text": 5}),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_parameters": {"message_id": "one"}}),
        ("deleteMessage", {"chat_id": 1}),
        ("sendMassage", {"chat_id": 1, "text": "x"}),
    ],
)
def test_call_of_wrong_types_is_noticed(judge: Judge, method: str, given: dict[str, Any]) -> None:
    """A call that the generated models refuse is a violation, also without the description."""
    judge.call(method, given)
    assert judge._models


@pytest.mark.parametrize(
    "given",
    [
        {"chat_id": 1, "text": ""},
        {"chat_id": 1, "text": "x" * 4097},
        {"chat_id": 1, "text": "😀" * 2049},
        {"chat_id": 1, "text": "x", "reply_markup": BUTTONS},
        {"chat_id": 1, "text": "x", "reply_to": 5},
    ],
)
def test_call_beyond_the_limits_is_noticed(judge: Judge, given: dict[str, Any]) -> None:
    """Lengths in UTF-16 units or bytes, and unknown parameters, are judged by the description."""
    if not judge.spec.present:
        pytest.skip("the platform's description (shared/specs) is not here")
    judge.call("sendMessage", given)
    assert judge.spec.wrong


def test_call_within_the_limits_is_fine(judge: Judge) -> None:
    """The judges find nothing where there is nothing."""
    judge.call("sendMessage", {"chat_id": 1, "text": "😀" * 2048})
    judge.answer("deleteMessage", value=True)
    assert judge.wrong == []


def test_update_that_is_none_is_noticed(judge: Judge) -> None:
    """The fake can't tell the bot what the platform never would."""
    judge.update({"update_id": 1, "message": {"message_id": 1, "chat": PRIVATE, "from": SAM}})
    assert judge.wrong


def test_answer_that_is_none_is_noticed(judge: Judge) -> None:
    """The fake can't answer what the platform never would."""
    judge.answer("sendMessage", {"message_id": 1})
    assert judge.wrong

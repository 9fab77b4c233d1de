"""The one list of errors: every code has words for people, and a request's errors have a status."""

import pytest

from wegent.protocol.errors import MEANINGS, Code, ProtocolError

STATUS = {
    400: {"bad_message"},
    401: {"unauthenticated", "token_expired", "token_revoked"},
    403: {"forbidden"},
    404: {"not_found"},
    409: {
        "conflict",
        "settled",
        "not_current",
        "already_answered",
        "device_offline",
        "no_cloud",
        "shell_not_offered",
    },
    413: {"too_large"},
    429: {"queue_full", "rate_limited"},
    503: {"unavailable"},
}
OF_SUBTASKS = {
    "device_lost",
    "executor_restarted",
    "shell_failed",
    "shell_missing",
    "timed_out",
    "queue_expired",
    "device_deleted",
    "declined",
    "stop_unconfirmed",
}


def test_every_code_of_a_request_has_its_status_and_those_of_subtasks_have_none() -> None:
    expected = {code: status for status, codes in STATUS.items() for code in codes}
    expected |= dict.fromkeys(OF_SUBTASKS, 0)
    assert {str(code): meaning.status for code, meaning in MEANINGS.items()} == expected


@pytest.mark.parametrize("code", Code)
def test_every_code_says_what_happened_and_what_to_do_next(code: Code) -> None:
    meaning = MEANINGS[code]
    for sentence in (meaning.message, meaning.hint):
        assert sentence[0].isupper() or sentence[0] == "`"
        assert sentence.endswith(".")
    assert "disconnected" in MEANINGS[Code.DEVICE_LOST].message


def test_an_error_has_the_words_of_the_list_unless_it_has_its_own() -> None:
    plain = ProtocolError(Code.NOT_FOUND)
    assert (plain.message, plain.hint, plain.status) == (*MEANINGS[Code.NOT_FOUND][1:], 404)
    own = ProtocolError(Code.NOT_FOUND, "No such moose.", "Look in the forest.", field="moose")
    assert (own.message, own.hint, own.extra) == ("No such moose.", "Look in the forest.", {"field": "moose"})
    assert str(own) == "not_found: No such moose."

"""The terminal's words: complete in both languages, and chosen by the locale."""

import re
from pathlib import Path
from string import Formatter

import pytest

import wegent.terminal
from wegent.client.errors import DeviceOfflineError, WegentError
from wegent.protocol.errors import Code
from wegent.protocol.states import State
from wegent.terminal.chinese import CHINESE, CHINESE_ERRORS
from wegent.terminal.english import ENGLISH
from wegent.terminal.words import Words


def fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


def test_both_languages_say_the_same_things() -> None:
    assert list(ENGLISH) == list(CHINESE)
    assert {key: fields(text) for key, text in ENGLISH.items()} == {
        key: fields(text) for key, text in CHINESE.items()
    }
    assert set(CHINESE_ERRORS) >= set(Code)


def test_every_phrase_that_is_said_is_there_and_every_other_is_struck() -> None:
    folder = Path(wegent.terminal.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py") if path.stem not in ("english", "chinese"))
    said = {key for key in ENGLISH if f'"{key}"' in source}
    composed = re.compile(r"(about|column|choice|done)_.+")  # by a command's, column's or choice's name
    unsaid = {key for key in ENGLISH if key not in said and not composed.fullmatch(key)} - set(State)
    assert unsaid <= {"online", "busy", "offline"}
    assert set(re.findall(r'words\(\s*"(\w+)"', source)) <= set(ENGLISH)


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
    ],
)
def test_the_locale_chooses(environ: dict[str, str], language: str) -> None:
    assert Words.for_locale(environ).language == language


def test_places_are_said_as_people_say_them() -> None:
    english = [Words().place(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 112, 123)]
    assert english == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th", "123rd"]
    assert Words("zh").place(2) == "第 2 位"


def test_errors_are_translated_and_keep_what_the_server_said() -> None:
    error = DeviceOfflineError("The device “gpu-box” is offline.")
    assert Words().error(error)[0] == "The device “gpu-box” is offline."
    message, hint = Words("zh").error(error)
    assert message == "设备离线。（The device “gpu-box” is offline.）" and "--wait" in hint
    assert "with --wait." in Words().error(error)[1], "as it is typed"
    assert Words("zh").error(WegentError("Odd.", hint="Look.")) == ("Odd.", "Look.")

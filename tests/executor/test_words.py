"""What the commands say: complete in both languages, and nothing that nobody says."""

import re
from pathlib import Path
from string import Formatter

import executor.words
from executor.words.chinese import CHINESE
from executor.words.english import ENGLISH

COMPOSED = re.compile(r"(check|mode|task|done|service_hint)_.+|.+_next")


def fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


def test_both_languages_say_the_same_things() -> None:
    assert list(ENGLISH) == list(CHINESE)
    assert {key: fields(text) for key, text in ENGLISH.items()} == {
        key: fields(text) for key, text in CHINESE.items()
    }


def test_every_phrase_is_said_and_every_phrase_that_is_said_is_there() -> None:
    room = Path(executor.words.__file__).parent.parent
    folders = [room / "commands", room / "doctor", room / "service"]
    source = "".join(path.read_text() for folder in folders for path in folder.glob("*.py")).replace("'", '"')
    assert not [key for key in ENGLISH if f'"{key}"' not in source and not COMPOSED.fullmatch(key)]
    said = set(re.findall(r'(?:words|say|complain|ok|failed|warning|skipped)\(\s*"(\w+)"', source))
    assert said <= ENGLISH.keys()
    assert {key.removesuffix("_next") for key in ENGLISH if key.endswith("_next")} <= ENGLISH.keys() | {"next"}

"""What the documentation says of the contract, the settings and the commands is so."""

import re

import pytest
from support.sources import ROOT, modules

from wegent.protocol import chat_messages, device_messages, inputs, output_events
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.errors import MEANINGS
from wegent.protocol.states import TRANSITIONS

PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
FOR_TESTS_ONLY = {"WEGENT_FAULT"}


def rows(page: str) -> list[list[str]]:
    """Return the cells of every table row on a page."""
    lines = [line for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_states_is_the_codes_table() -> None:
    said = {tuple(row[:3]) for row in rows(PROTOCOL) if len(row) == 4 and row[0] in {s for s, _ in TRANSITIONS}}
    assert said == {(source.value, event.value, target.value) for (source, event), target in TRANSITIONS.items()}


def test_the_picture_of_states_is_the_codes_table() -> None:
    picture = (ROOT / "docs" / "architecture.md").read_text()
    said = set(re.findall(r"^ +(\w+) --> (\w+): (\w+)$", picture, re.MULTILINE))
    assert said == {(source.value, target.value, event.value) for (source, event), target in TRANSITIONS.items()}


def test_every_message_and_every_field_of_it_is_described() -> None:
    described = {row[1].strip("`"): " ".join(row[2:]) for row in rows(PROTOCOL) if row[0] in {"→", "←"}}
    spoken = (
        device_messages.FROM_DEVICE
        | device_messages.TO_DEVICE
        | chat_messages.FROM_VIEWER
        | chat_messages.TO_VIEWER
    )
    assert described.keys() == spoken.keys()
    for event, message in spoken.items():
        fields = set() if event == "device:state" else set(message.__struct_fields__)
        missing = [field for field in fields if f"`{field}" not in described[event]]
        assert not missing, f"{event}: {missing}"


def test_every_output_event_and_input_is_described() -> None:
    types = [
        kind.__struct_config__.tag for union in (output_events.Known, inputs.AnyInput) for kind in union.__args__
    ]
    first_cells = {row[0] for row in rows(PROTOCOL)}
    assert {f"`{name}`" for name in types} <= first_cells


def test_every_code_is_described_with_its_status() -> None:
    said = {row[0].strip("`"): row[1] for row in rows(PROTOCOL)}
    for code, meaning in MEANINGS.items():
        assert said[code.value] == str(meaning.status or "")
    closing = {row[0] for row in rows(PROTOCOL)}
    # 1011 is RFC 6455's own: something broke that nobody foresaw.
    assert {str(code.value) for code in CloseCode} - {"1011"} <= closing


def test_every_setting_is_described_and_none_that_is_not_there() -> None:
    used = {
        name for module in modules() for text in module.strings() for name in re.findall(r"WEGENT_[A-Z_]+", text)
    }
    said = set(re.findall(r"WEGENT_[A-Z_]+", OPERATIONS))
    used = {name for name in used if not name.endswith("_")}
    assert used - FOR_TESTS_ONLY - said == set()
    assert said - {"WEGENT_"} - used == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page: object) -> None:
    from pathlib import Path

    assert isinstance(page, Path)
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        found = (page.parent / path) if path else page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, target


def test_the_makefile_has_the_targets_that_the_readme_and_ci_use() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("up", "test", "check", "bench", "format"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()

"""``wegent-executor doctor``: says what keeps this computer from working as a device, and what to do."""

import asyncio
import os
from argparse import Namespace

import msgspec

from executor.commands.output import Output
from executor.doctor.check import Check, Finding
from executor.doctor.checks import CHECKS
from executor.doctor.examination import examine
from executor.doctor.patient import Patient
from executor.endings import ExitCode
from wegent.client import credentials

_MARKS = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "-"}


class Line(msgspec.Struct, frozen=True):
    """What ``--json`` gives of each check."""

    check: str
    status: str
    found: str
    next: str


def run(flags: Namespace) -> int:
    """Make all checks and show them; return 0 if none failed, else 1."""
    lines = asyncio.run(_examined(flags, Output()))
    return ExitCode.FAILED if any(line.status == "failed" for line in lines) else ExitCode.STOPPED


async def _examined(flags: Namespace, output: Output) -> list[Line]:
    patient = Patient(flags, credentials.home().absolute(), dict(os.environ))
    lines = []
    async for check, finding in examine(patient, CHECKS):
        lines.append(_line(output, check, finding))
        if not flags.as_json:
            _show(output, check, lines[-1])
    if flags.as_json:
        output.line(msgspec.json.format(msgspec.json.encode(lines), indent=2).decode())
    else:
        failures = sum(line.status == "failed" for line in lines)
        output.say("doctor_failed", count=failures) if failures else output.say("doctor_fine")
    return lines


def _line(output: Output, check: Check, finding: Finding) -> Line:
    words, values = output.words, dict(finding.values)
    if finding.phrase == "skipped":
        values["needs"] = words(f"check_{values['needs']}")
    advice = f"{finding.phrase}_next"
    return Line(
        check.name,
        finding.status,
        words(finding.phrase, **values),
        words(advice, **values) if words.has(advice) else "",
    )


def _show(output: Output, check: Check, line: Line) -> None:
    output.line(f"{_MARKS[line.status]} {output.words(f'check_{check.name}')}: {line.found}")
    if line.next:
        output.line(f"    → {line.next}")

"""Makes the checks one after the other, each in its own time."""

import logging
from collections.abc import AsyncIterator, Sequence

from executor.doctor.check import Check, Finding, failed, skipped
from executor.doctor.patient import Patient
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)


async def examine(patient: Patient, checks: Sequence[Check]) -> AsyncIterator[tuple[Check, Finding]]:
    """Give each check with what it found; one whose needs were not met is skipped, one that breaks has failed."""
    unmet: dict[str, str] = {}  # each with the check that failed first
    for check in checks:
        causes = [unmet[name] for name in check.needs if name in unmet]
        finding = skipped("skipped", needs=causes[0]) if causes else await _made(patient, check)
        if finding.status == "failed" or causes:
            unmet[check.name] = causes[0] if causes else check.name
        yield check, finding


async def _made(patient: Patient, check: Check) -> Finding:
    try:
        async with time_limit(check.within):
            return await check.look(patient)
    except TimeoutError:
        return failed("took_too_long", seconds=f"{check.within:g}")
    except Exception as error:  # a broken check must not hide what the others find
        log.debug("The check %s broke.", check.name, exc_info=True)
        return failed("broke", reason=f"{type(error).__name__}: {error}")

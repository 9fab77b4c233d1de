"""Measures everything, prints tables, writes JSON. ``benchmarks/README.md`` says how to read them."""

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks import machine, tables
from benchmarks.claude import measure_claude
from benchmarks.connection import BrokenError
from benchmarks.dispatch import count_statements, measure_sending
from benchmarks.executor import measure_executor
from benchmarks.idle import measure_idle
from benchmarks.page import measure_page
from benchmarks.plan import SMALLEST, WHOLE, Plan
from benchmarks.relay import measure_flow
from benchmarks.results import Relayed, Results
from wegent.protocol.time_limit import time_limit

PARTS = ("relay", "dispatch", "idle", "executor", "page", "claude")
LONGEST_SECONDS = 600
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run what the arguments ask for."""
    arguments = _parser().parse_args()
    plan = SMALLEST if arguments.smallest else WHOLE
    try:
        results = asyncio.run(_measure(arguments.only or PARTS, plan, Console(stderr=True)))
    except* BrokenError as errors:
        sys.exit(f"benchmarks: {errors.exceptions[0]}")
    width = None if sys.stdout.isatty() else 180
    tables.show(results, Console(width=width))
    path = arguments.output or RESULTS / f"{results.began_at.replace(':', '-')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(results.encoded())
    print(f"Written to {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part; repeatable")
    parser.add_argument("--smallest", action="store_true", help="only see that it works; times mean nothing")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write JSON (benchmarks/results/…)")
    return parser


async def _measure(parts: tuple[str, ...], plan: Plan, console: Console) -> Results:
    began, began_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    here = machine.look()
    async with time_limit(LONGEST_SECONDS):
        found = Results(began_at=began_at, seconds=0, machine=here, plan=plan)
        if "relay" in parts:
            found = msgspec.structs.replace(found, relay=await _relay(plan, console))
        if "dispatch" in parts:
            console.print("sending")
            alone = await measure_sending(1, plan.turns_alone)
            together = await measure_sending(plan.senders, plan.turns_together)
            statements = await count_statements(plan.turns_counted)
            found = msgspec.structs.replace(found, dispatch=[alone, together], statements=statements)
        if "idle" in parts:
            console.print("idle sockets")
            idle = [await measure_idle("devices", plan), await measure_idle("viewers", plan)]
            found = msgspec.structs.replace(found, idle=idle)
        if "executor" in parts:
            console.print("an idle executor")
            found = msgspec.structs.replace(found, executor=await measure_executor(plan))
        if "page" in parts:
            console.print("the web page")
            found = msgspec.structs.replace(found, page=await measure_page(plan))
        if "claude" in parts:
            console.print("Claude Code")
            found = msgspec.structs.replace(found, claude=await measure_claude(plan))
    return msgspec.structs.replace(found, seconds=time.monotonic() - began)


async def _relay(plan: Plan, console: Console) -> list[Relayed]:
    found = []
    for flow in plan.flows:
        console.print(f"relay: {flow.server}, {flow.load}")
        found.append(await measure_flow(flow, plan))
    return found


if __name__ == "__main__":
    main()

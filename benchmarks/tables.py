"""A run's results as tables for people."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine
from benchmarks.plan import Plan
from benchmarks.results import (
    Answering,
    Dispatched,
    Executor,
    FirstWords,
    Idle,
    PageFigures,
    Relayed,
    Results,
    Spread,
    Statements,
)

MIB = 1 << 20


def show(results: Results, console: Console) -> None:
    """Print everything that was measured."""
    _print_machine(results.machine, console)
    if results.relay:
        console.print(_relay(results.relay))
    if results.dispatch:
        console.print(_dispatch(results.dispatch))
    if results.statements:
        console.print(_statements(results.statements))
    if results.idle:
        console.print(_idle(results.idle))
    if results.executor:
        console.print(_executor(results.executor))
    if results.page:
        console.print(_page(results.page, results.plan))
    if results.claude:
        console.print(_claude(results.claude))


def _print_machine(machine: Machine, console: Console) -> None:
    memory = machine.memory_bytes / (1 << 30)
    console.print(
        f"{machine.processor}, {machine.cores} cores, {memory:.0f} GiB, load {machine.load}; {machine.python};"
        f" commit {machine.commit or 'unknown'}",
        highlight=False,
    )


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < texts else "right")
    for row in rows:
        table.add_row(*row)
    return table


def _relay(relayed: Sequence[Relayed]) -> Table:
    columns = (
        "devices x viewers", "server", "events/s", "frames/s", "p50 ms", "p99 ms",
        "server µs/frame", "x bare", "Redis µs/frame", "server CPU", "bytes in/out", "log reads",
    )  # fmt: skip
    bare = {one.flow.load: one.total_us for one in relayed if one.flow.server == "bare"}
    title = "Output relay (CPU in µs per frame; x bare: times what a relay without Redis, SQL and tokens costs)"
    return _table(title, columns, (_relay_row(one, bare.get(one.flow.load)) for one in relayed), texts=2)


def _relay_row(one: Relayed, bare_us: float | None) -> tuple[str, ...]:
    server = one.flow.server if one.flow.processes == 1 else f"{one.flow.server} x {one.flow.processes}"
    return (
        one.flow.load,
        server,
        f"{one.events_per_second:,.0f}",
        f"{one.frames_per_second:,.0f}",
        # At full load the time under way only says how much the devices' windows let through.
        *("" if one.flow.rate is None else f"{ms:.1f}" for ms in (one.latency.p50, one.latency.p99)),
        " + ".join(f"{us:.0f}" for us in one.server_us),
        "" if bare_us is None else f"{one.total_us / bare_us:.1f}",
        "" if one.redis_us is None else f"{one.redis_us:.0f}",
        " + ".join(f"{share:.0%}" for share in one.server_share),
        f"{one.device_bytes:.0f}/{one.viewer_bytes:.0f}",
        "" if one.log_reads is None else f"{one.log_reads:.0f}",
    )


def _spread(spread: Spread) -> str:
    return f"{spread.p50:.1f} / {spread.p99:.1f}"


def _dispatch(dispatched: Sequence[Dispatched]) -> Table:
    columns = (
        "senders", "subtasks", "subtasks/s", "send answered", "send to execute", "accept", "complete",
        "send to done", "server ms", "Redis commands",
    )  # fmt: skip
    rows = (
        (
            str(one.senders), str(one.subtasks), f"{one.subtasks_per_second:.0f}", _spread(one.answer),
            _spread(one.execute), _spread(one.accept), _spread(one.complete), _spread(one.done),
            f"{one.server_ms:.1f}", f"{one.redis_commands:.0f}",
        )
        for one in dispatched
    )  # fmt: skip
    return _table(
        "Sending subtasks that end at once (p50 / p99 in ms; CPU and commands per subtask)", columns, rows
    )


def _statements(statements: Statements) -> Table:
    counts = statements.per_subtask
    columns = [*counts, "all"]
    row = [f"{count:.1f}" for count in (*counts.values(), sum(counts.values()))]
    return _table("SQL statements per subtask, one sender watching", columns, [row], texts=0)


def _idle(idle: Sequence[Idle]) -> Table:
    columns = ("idle", "sockets", "API MiB", "KiB/socket", "Redis B/socket", "connects/s", "API CPU", "Redis CPU")
    rows = []
    for kind in idle:
        rows.append((kind.kind, "0", f"{kind.resident_bytes / MIB:.0f}", "", "", "", "", ""))
        for step in kind.steps:
            is_last = step is kind.steps[-1]
            rows.append(
                (
                    kind.kind, str(step.sockets), f"{step.resident_bytes / MIB:.0f}",
                    f"{step.bytes_per_socket / 1024:.1f}", f"{step.redis_bytes_per_socket:.0f}",
                    f"{step.connects_per_second:.0f}", f"{kind.server_share:.1%}" if is_last else "",
                    f"{kind.redis_share:.1%}" if is_last else "",
                )
            )  # fmt: skip
    return _table(
        "Idle sockets at one API process (CPU as a share of one core, with the last number)", columns, rows
    )


def _executor(one: Executor) -> Table:
    columns = ("starts", "registered after", "at worst", "computing", "memory MB", "CPU idle")
    row = (
        str(one.starts), f"{one.seconds_to_registered:.2f} s", f"{one.worst_seconds:.2f} s",
        f"{one.cpu_seconds:.2f} s",
        f"{one.resident_bytes / 1e6:.1f}", f"{one.cpu_share:.2%}",
    )  # fmt: skip
    return _table("An idle executor (memory: resident; CPU of one core, a heartbeat each second)", columns, [row])


def _page(page: PageFigures, plan: Plan) -> Table:
    columns = ("what", "time", "longest task ms", "longest frame ms", "slowest key ms")
    opening, load = page.opening, page.first_load
    sizes = f"{load.script_bytes / 1000:.0f} KB of script, {load.style_bytes / 1000:.0f} KB of style"
    clicked, loaded = f"{opening.click_ms:.0f} ms", f"{opening.load_ms:.0f} ms"
    flood, behind = f"{plan.page_rate:,} events/s for {plan.page_seconds:g} s", f"{page.behind_ms:.0f} ms behind"
    rows = (
        (f"first load, gzipped: {sizes}", *[""] * 4),
        (f"{opening.events:,} events, opened by a click", clicked, *_answering(opening.answering)),
        (f"{opening.events:,} events, opened by loading the page", loaded, *[""] * 3),
        (flood, behind, *_answering(page.streaming)),
    )
    return _table(f"The web page in Chromium {page.browser}", columns, rows)


def _claude(words: FirstWords) -> Table:
    rows = (
        ("first turn", words.cold, words.bare_cold),
        ("first turn of another task", words.spare, words.bare_cold),
        ("next turn", words.warm, words.bare_warm),
    )
    told = (
        (what, f"{one.p50:.0f}", f"{bare.p50:.0f}", f"{one.p50 - bare.p50:.0f}", f"{one.p50 / bare.p50:.2f}")
        for what, one, bare in rows
    )
    columns = ("Claude Code's first word", "ms", "bare CLI ms", "more ms", "x bare")
    return _table("Until the first word is seen (p50; the model answers at once)", columns, told)


def _answering(one: Answering) -> tuple[str, str, str]:
    longest = f"{one.longest_task_ms:.0f}" if one.long_tasks else "< 50"
    return longest, f"{one.longest_frame_ms:.0f}", f"{one.slowest_key_ms:.0f}"

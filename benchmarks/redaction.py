"""What looking for secrets costs: CPU of the way from a shell's event to the outbox, with it and without.

``python -m benchmarks.redaction`` prints milliseconds of CPU per MiB of output, with 50 secrets to look for.
"""

import asyncio
import secrets
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from executor.outbox.spool import FileSpool
from executor.output.coalescer import MAX_PIECE, encode
from executor.redaction.outgoing import Outgoing
from executor.redaction.patterns import Patterns
from executor.redaction.pieces import Secrets
from executor.redaction.redactor import Redactor
from wegent.protocol.output_events import AnyEvent, Stream

SECRETS = 50
MIB = 4
PIECES = (MAX_PIECE // 2, 200, 6)
"""Characters: what a command is read by, a line or two, a model's token."""
ROUNDS = 3


def measure(text: str, piece: int, known: Secrets) -> float:
    """Return the best of some rounds, in milliseconds per MiB."""
    best = float("inf")
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            spool = FileSpool(Path(folder))

            def keep(event: AnyEvent, spool: FileSpool = spool) -> None:
                spool.append(encode(event))

            outgoing = Outgoing(Redactor(lambda: known, Patterns([])), keep)
            began = time.process_time()
            for at in range(0, len(text), piece):
                outgoing.add(Stream("stdout", text[at : at + piece] + "\n"))
            outgoing.finish()
            best = min(best, time.process_time() - began)
            spool.close()
    return best * 1000 * (1 << 20) / len(text)


def _source() -> str:
    return "".join(path.read_text() for path in sorted(Path("executor").rglob("*.py")))


async def main() -> None:
    """Measure and print."""
    source = _source()
    text = (source * (1 + (MIB << 20) // len(source)))[: MIB << 20]
    nothing, known = Secrets({}), Secrets({secrets.token_urlsafe(30): "" for _ in range(SECRETS)})
    table = Table(
        "characters a piece", "without, ms/MiB", f"{SECRETS} secrets, ms/MiB", "ratio", title="redaction"
    )
    for piece in PIECES:
        length = len(text) if piece > 1000 else len(text) // 8
        without, looking = (measure(text[:length], piece, each) for each in (nothing, known))
        table.add_row(f"{piece:,}", f"{without:.1f}", f"{looking:.1f}", f"{looking / without:.1f}")
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main())

"""How much of what tasks put out this device keeps and sends."""

import msgspec

from executor.settings import Settings

MIB = 1 << 20
LEAST_OUTBOX = 4 * MIB
"""Less than this, and there would be little left to drop from: outboxes are files of a MiB."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of one subtask.

    ``output`` may be sent of its output; ``output_file`` may be kept of it in a file on the device when it is
    more; ``outbox`` may wait on disk until the server has stored it.
    """

    output: int = 32 * MIB
    output_file: int = 1024 * MIB
    outbox: int = 64 * MIB

    @classmethod
    def of(cls, said: Settings, slots: int, is_cloud: bool) -> "Limits":
        """Return what the owner said; all slots share the room for outboxes, and in the cloud no file stays."""
        file = 1024 if said.output_file_mib is None else said.output_file_mib
        outboxes = (said.outbox_mib or 320) * MIB
        return cls(
            output=(said.output_mib or 32) * MIB,
            output_file=0 if is_cloud else file * MIB,
            outbox=max(outboxes // slots, LEAST_OUTBOX),
        )

"""The small types that messages are made of, with their limits."""

from typing import Annotated

from msgspec import Meta

MAX_INTEGER = 2**53 - 1

Seq = Annotated[int, Meta(ge=0, le=MAX_INTEGER, description="the number of an output event; 0: none yet")]
FirstSeq = Annotated[int, Meta(ge=1, le=MAX_INTEGER, description="the number of the first of `events`")]
Attempt = Annotated[int, Meta(ge=1, le=MAX_INTEGER, description="which offer of the subtask this is")]
Ref = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Rev = Annotated[int, Meta(ge=0, le=MAX_INTEGER, description="a lower one than one seen is old")]
# PostgreSQL refuses NUL in text.
_NO_NUL = r"^[^\x00]+$"
Id = Annotated[str, Meta(max_length=128, pattern=_NO_NUL)]
ClientId = Annotated[str, Meta(max_length=128, pattern=_NO_NUL, description="makes a resend harmless")]
DeviceId = Annotated[str, Meta(pattern=r"^(?!cloud$)[A-Za-z0-9._:-]{1,128}$(?!\n)")]
Instance = Annotated[str, Meta(max_length=128, pattern=r"^[^\x00]*\Z")]
Name = Annotated[str, Meta(max_length=200, pattern=_NO_NUL)]
Word = Annotated[str, Meta(max_length=64, pattern=_NO_NUL)]
Labels = Annotated[dict[Word, Annotated[str, Meta(max_length=200)]], Meta(max_length=64)]
Prompt = Annotated[str, Meta(max_length=512 * 1024)]
Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]

"""One task: how it stands, what it was asked, what it says, how it ended."""

from wegent.html.cards import question_card
from wegent.html.escaping import cut, escaped
from wegent.html.standings import MARKS, Standing, device_name, duration, state_words
from wegent.html.transcript import Transcript
from wegent.html.words import Words
from wegent.protocol.states import State
from wegent.terminal.visible import visible

PROMPT = 2000
"""Characters of a prompt that are shown."""


def head_html(standing: Standing, transcript: Transcript | None, words: Words, now: float) -> str:
    """Return the line that says how it stands; what changes while it runs is in here and in the transcript."""
    parts = _facts(standing, transcript, words, now)
    kind = " wg-error" if standing.state is State.FAILED else ""
    shown = "".join(f"<span>{escaped(part)}</span>" for part in parts)
    lost = f'<div class="wg-notice-warning">{escaped(_lost(standing, words))}</div>' if standing.lost else ""
    return f'<div class="wg-head{kind}" role="status" aria-live="off">{shown}</div>{lost}'


def prompt_html(standing: Standing, words: Words) -> str:
    """Return what it was asked."""
    begins = standing.prompt[:PROMPT] + ("…" if len(standing.prompt) > PROMPT else "")
    return f'<div class="wg-prompt" aria-label="{escaped(words("prompt"))}">{escaped(begins)}</div>'


def end_html(standing: Standing, words: Words) -> str:
    """Say how it ended, where that needs words; empty else."""
    if standing.state is State.CANCELLED:
        return f'<div class="wg-dim">■ {escaped(words("was_stopped"))}</div>'
    if standing.state is not State.FAILED or standing.error is None:
        return ""
    message, hint = words.problem(standing.error.code, standing.error.message, standing.error.hint)
    return f'<div class="wg-error" role="alert">✗ {escaped(message)}</div>' + (
        f'<div class="wg-dim">{escaped(hint)}</div>' if hint else ""
    )


def task_html(standing: Standing, transcript: Transcript | None, words: Words, now: float) -> str:
    """Return the whole task, without its style."""
    said = transcript.html() if transcript is not None else ""
    if transcript is not None and not standing.is_settled:
        said += "".join(question_card(each, None, words) for each in transcript.questions.values())
    return (
        head_html(standing, transcript, words, now)
        + prompt_html(standing, words)
        + said
        + end_html(standing, words)
    )


def task_text(standing: Standing, words: Words, now: float) -> str:
    """Return how it stands as plain text, and how to come back to it."""
    lines = [" · ".join(_facts(standing, None, words, now)), cut(standing.prompt, 200)]
    if standing.lost:
        lines.insert(0, _lost(standing, words))
    if standing.error is not None:
        lines += [part for part in words.problem(standing.error.code, standing.error.message, standing.error.hint)]
    return visible("\n".join([*filter(None, lines), words("attach_hint", id=standing.id)]))


def _facts(standing: Standing, transcript: Transcript | None, words: Words, now: float) -> list[str]:
    parts = [f"{MARKS[standing.state]} {state_words(standing, words)}"]
    if standing.device_id and standing.state not in (State.QUEUED, State.OFFERED):
        parts.append(words("on_device", device=device_name(standing, words)))
    if standing.shell:
        parts.append(standing.shell)
    seconds = standing.seconds(now)
    if seconds is not None:
        parts.append(duration(seconds))
    if transcript is not None:
        cell = transcript.cell
        if cell is not None:
            parts.append(words("cell", index=cell.index, of=cell.of))
        if not standing.is_settled and (activity := transcript.activity()):
            parts.append(cut(activity, 100))
    return parts


def _lost(standing: Standing, words: Words) -> str:
    return words("link_lost", reason=standing.lost)

"""Tasks and devices as HTML and text: how they stand in words, not by colour alone."""

import re

from support.scripted_api import device

from wegent.html.devices import devices_html, devices_text
from wegent.html.phrases import CHINESE, ENGLISH
from wegent.html.standings import Standing, duration, standing_seen
from wegent.html.task_tables import MOST_ROWS, tasks_html, tasks_text
from wegent.html.tasks import task_html, task_text
from wegent.html.transcript import Transcript
from wegent.html.words import Words
from wegent.protocol.output_events import Approval
from wegent.protocol.resources import Slots, TaskError
from wegent.protocol.states import State

SCRIPT = "<script>alert(1)</script>"


def standing(**more: object) -> Standing:
    return Standing(**{"id": "s-12345678", "prompt": "count", "state": State.RUNNING, "device_id": "d1", **more})  # type: ignore[arg-type]


def test_devices_say_in_words_what_their_lights_say() -> None:
    devices = [
        device("d1", "desk", is_default=True, slots=Slots(2, 5)),
        device("d2", SCRIPT, status="busy"),
        device("d3", "old", status="offline"),
        device("d4", "sleepy", paused=True),
    ]
    html, text = devices_html(devices, Words()), devices_text(devices, Words())
    for said in ("🟢 online", "desk ⭐", "2/5 slots", "🟡 busy", "🔴 offline", "🟢 paused"):
        assert said in html and said in text
    assert "<script" not in html
    assert "No devices yet" in devices_html([], Words()) and "还没有设备" in devices_text([], Words("zh"))


def test_a_task_says_how_it_stands() -> None:
    running = standing(device=device("d1", "desk"), began=100.0, shell="Python")
    html = task_html(running, None, Words(), now=165.0)
    assert "▶ running" in html and "on desk" in html and "1:05" in html and "count" in html
    queued = standing(state=State.QUEUED, queue_position=2, device=device("d1", "desk", status="offline"))
    assert "2nd in the queue on desk, which is offline" in task_html(queued, None, Words(), 0)
    assert "because" not in task_text(queued, Words(), 0)
    unknown = task_text(standing_seen("s1", None), Words(), 0)
    assert "⏳ queued" in unknown and "in the queue" not in unknown
    assert "stopping" in task_html(standing(is_stopping=True), None, Words(), 0)
    assert "The connection is lost (gone)" in task_html(standing(lost="gone"), None, Words(), 0)
    failed = standing(state=State.FAILED, error=TaskError("timed_out", SCRIPT, "Try <b>again</b>."))
    html = task_html(failed, None, Words(), 0)
    assert 'role="alert"' in html and "Try &lt;b&gt;again" in html and "<script" not in html
    assert "client.task('s-12345678')" in task_text(failed, Words(), 0)


def test_an_open_question_is_shown_whole_until_the_task_has_ended() -> None:
    transcript = Transcript(Words())
    transcript.add(Approval("a", "Bash", {"command": "rm -rf /"}))
    assert "rm -rf /" in task_html(standing(), transcript, Words(), 0)
    assert "rm -rf /" not in task_html(standing(state=State.CANCELLED), transcript, Words(), 0)


def test_a_table_of_tasks_counts_all_and_shows_the_first() -> None:
    states = [State.COMPLETED] * 300 + [State.FAILED] * 10 + [State.RUNNING] * 5 + [State.QUEUED] * 300
    many = [standing(state=state, error=TaskError("x", "boom\nmore", "")) for state in states]
    html = tasks_html(many, Words(), 0)
    assert "310 of 615 done · ✓ 300 completed · ✗ 10 failed · ▶ 5 running · ⏳ 300 queued" in html
    assert len(re.findall("<tr", html)) == MOST_ROWS + 1 and "… and 115 more" in html
    assert 'aria-valuenow="310"' in html and "boom" in html and "more</td>" not in html
    assert "310 of 615 done" in tasks_text(many, Words(), 0) and "已完成 310/615" in tasks_html(
        many, Words("zh"), 0
    )
    assert "0 of 0 done" in tasks_text([], Words(), 0)


def test_times_read_like_a_clock() -> None:
    assert [duration(seconds) for seconds in (0.4, 65, 3600)] == ["0:00", "1:05", "1:00:00"]


def test_both_languages_say_the_same() -> None:
    assert list(ENGLISH) == list(CHINESE)
    for name, text in ENGLISH.items():
        assert set(re.findall(r"{(\w+)", text)) == set(re.findall(r"{(\w+)", CHINESE[name])), name

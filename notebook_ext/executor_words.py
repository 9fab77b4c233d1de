"""The words of `%wegent up` and `%wegent down`, in the reader's language."""

from wegent.terminal.words import Words as TerminalWords


class Words(TerminalWords):
    """The terminal's words, with the phrases of this room."""

    def __init__(self, language: str = "en") -> None:
        super().__init__(language)
        self._phrases = _CHINESE if language == "zh" else _ENGLISH


_ENGLISH: dict[str, str] = {
    "help": (
        "%wegent up makes this Jupyter one of your devices: an executor runs beside the kernel, and ends with\n"
        "it. Called again it shows the same one. %wegent down ends it, %wegent down --drain when its tasks are\n"
        "done; %wegent up --log shows what it has written.\n\n"
        "It offers ClaudeCode, Notebook and Python unless you name other shells (--shell, or `shells` in its\n"
        "config.toml). Code that you send runs with your rights here, in kernels of this Python, without asking;\n"
        "what Claude Code wants to do is asked first. These flags of the executor are taken:\n"
    ),
    "no_flag_token": "A token in a cell is saved with the notebook. Type %wegent login, or set WEGENT_TOKEN.",
    "no_flag_home": "The executor's folder is the notebook's: set WEGENT_HOME before the kernel starts.",
    "unknown_word": "%wegent {command} does not know {word}.",
    "starting": "starting",
    "online": "online",
    "busy": "busy",
    "paused": "paused",
    "draining": "finishing its tasks",
    "offline": "offline",
    "stopping": "stopping",
    "again": "starting again",
    "stopped": "stopped",
    "this_computer": "This Jupyter",
    "slots": "{used} of {total} slots in use",
    "id": "id {id}",
    "next_step_paused": "It takes nothing new until you type `wegent-executor resume` in a terminal.",
    "why_offline": "Not connected to {url}: {reason}. It tries again by itself, and its tasks go on.",
    "connecting": "connecting",
    "elsewhere_notebook": (
        "It was started by another notebook (process {keeper}), and none was started here. It ends with that one's"
        " kernel, or by %wegent down there."
    ),
    "elsewhere": (
        "It runs on this computer already (process {pid}), and none was started here. `wegent-executor status`"
        " in a terminal says more, `wegent-executor stop` ends it, if no service keeps it running."
    ),
    "elsewhere_ended": "The executor that ran here has ended. %wegent up starts one.",
    "by_you": "It was stopped.",
    "by_itself": "It has ended, as it was asked to. %wegent up starts it again.",
    "killed_by": "It was killed by {signal}",
    "exit_code": "It ended with exit code {code}",
    "starts_again": "{how}. It starts again in {seconds} s.",
    "gave_up": "{how}, {times} times in a row. %wegent up --log says more, then try %wegent up again.",
    "exit_2": "A flag or a setting cannot be:",
    "exit_3": "You are not logged in, or no longer. Type %wegent login, and then %wegent up.",
    "exit_4": (
        "Another executor took this device over: one with the same id on another computer, or in another folder."
        " Stop that one, or give one of them an id of its own in its file device_id; then %wegent up."
    ),
    "exit_5": "It is too old for the server. Type pip install --upgrade wegent, restart the kernel, %wegent up.",
    "not_installed": (
        "What an executor needs is not installed beside this kernel. Type"
        " %pip install 'wegent[executor]', and then %wegent up."
    ),
    "cannot_start": "It cannot be started: {reason}.",
    "still_starting": "It is not connected yet; the panel above shows how it goes on.",
    "left_starting": "It goes on starting. %wegent down ends it.",
    "task": "{title} ({shell}) {state}, {elapsed}",
    "task_running": "running",
    "task_stopping": "stopping",
    "task_ended": "ended, being reported",
    "untitled": "task {id}",
    "stop": "Stop",
    "stop_hint": "End it; what runs is stopped (%wegent down)",
    "nothing_to_stop": "No executor of this notebook runs.",
    "not_ours": "The executor that runs here is not this notebook's. {why}",
    "asked_to_stop": "Stopping. The tasks that run ({count}) are stopped and shown as failed; retry them.",
    "asked_to_drain": "It takes nothing new and ends when its tasks ({count}) are done. Interrupt to leave it.",
    "is_down": "It has ended. This Jupyter is no device any more.",
    "left_stopping": "It goes on without you. %wegent up shows how far it is.",
    "no_log": "No executor was started by this kernel.",
}

_CHINESE: dict[str, str] = {
    "help": (
        "%wegent up 让这个 Jupyter 成为您的设备：执行器在内核旁边运行，并随内核一起结束。\n"
        "再次输入会显示同一个执行器。%wegent down 结束它，%wegent down --drain 等任务完成后结束，\n"
        "%wegent up --log 显示它的日志。\n\n"
        "除非您用 --shell（或其 config.toml 中的 `shells`）另行指定，它提供 ClaudeCode、Notebook 和 Python。\n"
        "您发来的代码以您的权限在这个 Python 的内核中运行，不再询问；Claude Code 要做的事会先询问。\n"
        "可用的执行器参数：\n"
    ),
    "no_flag_token": "单元格里的令牌会随笔记本保存。请输入 %wegent login，或设置 WEGENT_TOKEN。",
    "no_flag_home": "执行器使用笔记本的文件夹：请在内核启动前设置 WEGENT_HOME。",
    "unknown_word": "%wegent {command} 不认识 {word}。",
    "starting": "正在启动",
    "online": "在线",
    "busy": "忙碌",
    "paused": "已暂停",
    "draining": "正在完成任务",
    "offline": "离线",
    "stopping": "正在停止",
    "again": "正在重新启动",
    "stopped": "已停止",
    "this_computer": "这个 Jupyter",
    "slots": "已用 {used}/{total} 个槽位",
    "id": "ID {id}",
    "next_step_paused": "它不接受新任务，直到您在终端输入 `wegent-executor resume`。",
    "why_offline": "未连接到 {url}：{reason}。它会自动重试，任务继续运行。",
    "connecting": "正在连接",
    "elsewhere_notebook": (
        "它由另一个笔记本启动（进程 {keeper}），这里没有再启动。它随那个内核结束，或在那里输入 %wegent down。"
    ),
    "elsewhere": (
        "它已在这台电脑上运行（进程 {pid}），这里没有再启动。在终端输入 `wegent-executor status` 可查看详情，"
        "`wegent-executor stop` 可结束它（除非由系统服务保持运行）。"
    ),
    "elsewhere_ended": "原先运行的执行器已结束。%wegent up 可启动一个。",
    "by_you": "已停止。",
    "by_itself": "它已按要求结束。%wegent up 可重新启动。",
    "killed_by": "它被 {signal} 终止",
    "exit_code": "它以退出码 {code} 结束",
    "starts_again": "{how}。{seconds} 秒后重新启动。",
    "gave_up": "{how}，已连续 {times} 次。请用 %wegent up --log 查看原因，然后再试 %wegent up。",
    "exit_2": "某个参数或设置无效：",
    "exit_3": "您尚未登录，或登录已失效。请输入 %wegent login，然后 %wegent up。",
    "exit_4": (
        "另一个执行器接管了这个设备：它在另一台电脑或另一个文件夹里用了同一个 ID。"
        "请停止它，或在其中一个的 device_id 文件里写入自己的 ID；然后 %wegent up。"
    ),
    "exit_5": "它的版本对服务器来说太旧。请输入 pip install --upgrade wegent，重启内核，再 %wegent up。",
    "not_installed": "这个内核旁缺少执行器所需的软件包。请输入 %pip install 'wegent[executor]'，然后 %wegent up。",
    "cannot_start": "无法启动：{reason}。",
    "still_starting": "尚未连接；上面的面板会显示进展。",
    "left_starting": "它继续启动。%wegent down 可结束它。",
    "task": "{title}（{shell}）{state}，{elapsed}",
    "task_running": "运行中",
    "task_stopping": "正在停止",
    "task_ended": "已结束，正在上报",
    "untitled": "任务 {id}",
    "stop": "停止",
    "stop_hint": "结束它；正在运行的任务会被停止（%wegent down）",
    "nothing_to_stop": "这个笔记本没有运行执行器。",
    "not_ours": "正在运行的执行器不属于这个笔记本。{why}",
    "asked_to_stop": "正在停止。这里运行的 {count} 个任务会被停止并显示为失败；可稍后重试。",
    "asked_to_drain": "它不再接受新任务，{count} 个任务完成后结束。中断可停止等待。",
    "is_down": "它已结束。这个 Jupyter 不再是设备。",
    "left_stopping": "它会自行继续。%wegent up 可查看进展。",
    "no_log": "这个内核没有启动过执行器。",
}

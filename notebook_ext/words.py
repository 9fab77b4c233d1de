"""The magics' words in the reader's language: the terminal's, and those that only a notebook needs."""

from wegent.terminal.words import Words as TerminalWords


class Words(TerminalWords):
    """As in the terminal, chosen by the locale too."""

    def __init__(self, language: str = "en") -> None:
        super().__init__(language)
        self._phrases = {**self._phrases, **(_CHINESE if language == "zh" else _ENGLISH)}


_ENGLISH = {
    "magic_about": "Your own computers from a cell.",
    "magic_login": "log in by a code that you approve in the page",
    "magic_devices": "your devices",
    "magic_tasks": "your newest tasks",
    "magic_attach": "follow a task from its beginning, also after a restart of the kernel",
    "magic_ask": "send a further turn of a task's conversation",
    "magic_cancel": "stop a task",
    "magic_result": "what a task gave",
    "magic_up": "make this Jupyter one of your devices",
    "magic_down": "end that",
    "magic_more": (
        "NAME is what --bg called a task. A prompt, or code, for a device: %%wegent in a cell's first line, as"
        " below."
    ),
    "cell_about": "The cell is a prompt, or with -s Python, -s Command the code, for one of your devices.",
    "cell_more": (
        "It waits until the task has ended, and shows it live. Interrupting the cell asks the task to stop; a"
        " second interrupt leaves it running. The cell is sent as it is: to build a prompt from variables, use"
        " wegent.Client().run(f'…') in Python."
        " With -s Python, outputs appear here as if the code had run here, and variables stay on the device: the"
        " next such cell for the same device finds them. --new begins afresh. --in and --out carry variables as"
        " pickles, only between your own machines."
    ),
    "help_target": "the id of a task or of one of its turns, or a name that --bg gave",
    "help_cell_device": "the device's name, its id or how that begins, or `cloud` (else your default device)",
    "help_cell_dir": "the folder on the device to work in, as it is called there",
    "help_labels": "any of your devices with this label; may be repeated",
    "help_any": "any of your devices",
    "help_in": "a variable of this notebook that the code gets (-s Python); may be repeated",
    "help_out": "a variable of the code that this notebook gets (-s Python); may be repeated",
    "help_bg": "do not wait: the task becomes the variable NAME",
    "help_new": "begin a new conversation, with no variables from earlier cells",
    "help_cell_task": "continue the conversation of this task (its id, or a name)",
    "help_login_again": "log in anew, though you are logged in",
    "already_in": "You are logged in to {url} as {user}. To log in anew: %wegent login --again",
    "login_waits": "Waiting for your approval… {seconds} s (interrupt the kernel to give up)",
    "login_elsewhere": "Where it is elsewhere: %wegent login --url ADDRESS",
    "login_left": "Nobody is logged in by this code.",
    "empty_cell": "The cell is empty: write the prompt, or the code, below its first line.",
    "bad_name": "“{name}” cannot be a variable's name.",
    "no_variable": "There is no variable called {names} in this notebook. Nothing was sent.",
    "pickled": (
        "Variables travel as pickles, which can run code when they are read: only between your own machines."
    ),
    "only_python": "--in and --out carry variables of Python code: use -s Python.",
    "no_files_with_variables": "--file does not go with --in and --out: send the file's content as a variable.",
    "no_such_name": "No task is called “{name}”, and none has this id. See %wegent tasks",
    "bg_sent": "{id} goes on in the background as {name}: {name}.result() waits for it.",
    "bg_variables": "{name}.variables() gives {names} when it has ended.",
    "left_cell": "It goes on. Come back with: %wegent attach {id}",
    "left_cell_stopping": "It is being stopped. See how it ends with: %wegent attach {id}",
    "stopping_cell": "Stopping… (interrupt again to leave it)",
    "stopped_cell": "The task was stopped.",
    "unheard_buttons": (
        "The task waits for an answer. This frontend's buttons are heard only when no cell runs: answer in the"
        " page or with `wegent approvals`. With --bg the cell does not wait."
    ),
    "not_here": "%wegent {command} is not in this version.",
    "maybe_sent_cell": "It may have been sent; %wegent tasks shows.",
}
_CHINESE = {
    "magic_about": "在单元格里使用您自己的电脑。",
    "magic_login": "用一个由您在网页上批准的配对码登录",
    "magic_devices": "您的设备",
    "magic_tasks": "最新的任务",
    "magic_attach": "从头跟踪任务，内核重启之后也可以",
    "magic_ask": "在任务的对话中继续",
    "magic_cancel": "停止任务",
    "magic_result": "任务的结果",
    "magic_up": "让这个 Jupyter 成为您的一台设备",
    "magic_down": "不再作为设备",
    "magic_more": (
        "NAME 是 --bg 给任务起的名称。要向设备发送提示词或代码，请在单元格第一行写 %%wegent，用法如下。"
    ),
    "cell_about": "单元格的内容是给您某台设备的提示词；用 -s Python、-s Command 时则是代码。",
    "cell_more": (
        "单元格等待任务结束，并实时显示。中断单元格会请求停止任务；再次中断则不再等待，任务继续。内容按原样发送："
        "若要用变量组成提示词，请在 Python 中用 wegent.Client().run(f'…')。用 -s Python 时，"
        "输出如同在此运行一样显示，"
        "变量留在设备上，同一设备的下一个单元格还能使用；--new 重新开始。--in 和 --out 以 pickle 传递变量，"
        "只在您自己的电脑之间。"
    ),
    "help_target": "任务的 ID、其中一轮的 ID，或 --bg 起的名称",
    "help_cell_device": "设备的名称、ID 或 ID 的开头，或 `cloud`（否则用默认设备）",
    "help_cell_dir": "在设备的哪个文件夹中工作：写该设备上的路径",
    "help_labels": "带有此标签的任意一台您的设备；可重复",
    "help_any": "任意一台您的设备",
    "help_in": "交给代码的本笔记本变量（-s Python）；可重复",
    "help_out": "从代码取回到本笔记本的变量（-s Python）；可重复",
    "help_bg": "不等待：任务成为变量 NAME",
    "help_new": "开始新的对话，不带先前单元格的变量",
    "help_cell_task": "继续这个任务（ID 或名称）的对话",
    "help_login_again": "已登录也重新登录",
    "already_in": "您已以 {user} 的身份登录 {url}。重新登录：%wegent login --again",
    "login_waits": "正在等待您批准…… {seconds} 秒（中断内核即可放弃）",
    "login_elsewhere": "服务器在别处时：%wegent login --url 地址",
    "login_left": "没有用此配对码登录。",
    "empty_cell": "单元格是空的：请在第一行之下写提示词或代码。",
    "bad_name": "“{name}”不能作为变量名。",
    "no_variable": "本笔记本中没有变量 {names}。什么都没有发送。",
    "pickled": "变量以 pickle 传递，读取时可能运行代码：只在您自己的电脑之间传递。",
    "only_python": "--in 和 --out 传递 Python 代码的变量：请用 -s Python。",
    "no_files_with_variables": "--file 不能与 --in、--out 同用：请把文件内容作为变量发送。",
    "no_such_name": "没有名为“{name}”的任务，也没有此 ID。见 %wegent tasks",
    "bg_sent": "{id} 在后台继续，名为 {name}：{name}.result() 等待它。",
    "bg_variables": "结束后，{name}.variables() 给出 {names}。",
    "left_cell": "任务继续进行。回来：%wegent attach {id}",
    "left_cell_stopping": "任务正在停止。查看结果：%wegent attach {id}",
    "stopping_cell": "正在停止……（再次中断则不再等待）",
    "stopped_cell": "任务已停止。",
    "unheard_buttons": (
        "任务正在等待回答。此前端的按钮只有在没有单元格运行时才有效：请在网页上或用 `wegent approvals` 回答。"
        "使用 --bg 时单元格不等待。"
    ),
    "not_here": "此版本没有 %wegent {command}。",
    "maybe_sent_cell": "可能已经发送；见 %wegent tasks。",
}

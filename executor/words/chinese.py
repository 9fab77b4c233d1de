"""What the commands say in Chinese."""

from executor.words.chinese_doctor import CHINESE_DOCTOR

CHINESE: dict[str, str] = {
    # status
    "not_running": (
        "没有使用 {home} 的执行器在运行。启动：wegent-executor（或 `wegent-executor service install`）。"
    ),
    "no_answer": (
        "使用 {home} 的执行器没有回应：{reason}。请以启动它的用户身份操作；`wegent-executor doctor` 会说明更多。"
    ),
    "connected": "已连接到 {url}，设备 {name}（{id}）。",
    "not_connected": "未连接到 {url}：{reason}",
    "connecting": "正在连接…",
    "next_try": "{seconds} 秒后重试。`wegent-executor doctor` 可以查找原因。",
    "login_ends": "登录用户 {user}，有效期至 {when}。",
    "login_ended": "{user} 的登录已于 {when} 到期：wegent-executor login",
    "mode_working": "可以接收任务。",
    "mode_paused": "已暂停：不接收新任务。`wegent-executor resume` 可恢复。",
    "mode_draining": "正在排空：全部结束后退出。`wegent-executor resume` 可取消。",
    "mode_restarting": "全部结束后重启。`wegent-executor resume` 可取消。",
    "mode_stopping": "正在停止。",
    "running_since": "已用 {used}/{total} 个槽位；进程 {pid}，版本 {version}，启动于 {since}。",
    "load": "负载：{load}",
    "since": "自 {when}",
    "bytes_waiting": "{bytes} 字节输出等待发送",
    "task_accepting": "正在请求开始",
    "task_running": "运行中",
    "task_stopping": "正在停止",
    "task_ended": "已结束，正在上报",
    "may_sleep": "这台电脑有电池，期间可能休眠：--keep-awake 可以避免。",
    # pause, resume, drain, restart, stop
    "done_pause": "已暂停：不接收新任务，正在运行的继续，直到 `wegent-executor resume`。",
    "done_resume": "重新开始接收任务。",
    "left_to_do": "{running} 个运行中，{reporting} 个等待上报…",
    "left_draining": "它会自行继续。`wegent-executor status` 显示进度，`resume` 可取消。",
    "called_off": "已被取消：执行器继续工作。",
    "died": "执行器没有说明就结束了。请查看其日志；已有的输出仍然保留。",
    "ended": "执行器已结束。",
    "ended_otherwise": "执行器以其他方式结束（退出码 {code}）。请查看其日志。",
    "restarted": "已重新启动（进程 {pid}）。",
    "not_back": "它已结束，但尚未重新回应。请查看其日志。",
    # service
    "plainly": "{text}",
    "service_flags": "服务从 {file} 读取设置：请写在那里，安装时不带参数。",
    "service_needs_login": (
        "服务没有可用的登录：它看不到此终端中的 WEGENT_TOKEN 或 --token。请先运行 `wegent-executor login`，或"
        '在 {file} 中写入 `token = "…"`（chmod 600）。'
    ),
    "service_other_runs": "已有一个不属于此服务的执行器在使用 {home}。请先运行 `wegent-executor stop`。",
    "service_installed": (
        "已安装并启动：{name}。`wegent-executor status` 显示其状态，`wegent-executor service logs` 显示其日志。"
    ),
    "service_hint_linger": "它会在您注销时结束、登录时启动。如需一直运行：loginctl enable-linger",
    "service_unseen": (
        "服务看不到此终端中的这些变量：{names}。如果需要，请写在 {file} 的 [environment] 下（含机密时 chmod"
        " 600），然后运行 `wegent-executor restart`。"
    ),
    "service_removed": "服务已结束并移除。您的设置、登录和任务文件夹保留。",
    "service_missing": "尚未安装服务。安装：wegent-executor service install",
    "service_active": "已安装（{name}），正在运行。`wegent-executor status` 会说明更多。",
    "service_inactive": (
        "已安装（{name}），但没有运行。`wegent-executor service logs` 和 `wegent-executor doctor` 会说明原因。"
    ),
    **CHINESE_DOCTOR,
}

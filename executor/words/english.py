"""What the commands say in English."""

from executor.words.english_doctor import ENGLISH_DOCTOR

ENGLISH: dict[str, str] = {
    # status
    "not_running": (
        "No executor runs with {home}. Start one: wegent-executor (or `wegent-executor service install`)."
    ),
    "no_answer": (
        "The executor with {home} does not answer: {reason}. Ask as the user who started it;"
        " `wegent-executor doctor` says more."
    ),
    "connected": "Connected to {url} as {name} ({id}).",
    "not_connected": "Not connected to {url}: {reason}",
    "connecting": "connecting…",
    "next_try": "It tries again in {seconds} s. `wegent-executor doctor` looks for the cause.",
    "login_ends": "Logged in as {user}, until {when}.",
    "login_ended": "The login of {user} ended on {when}: wegent-executor login",
    "mode_working": "It takes tasks.",
    "mode_paused": "Paused: it takes nothing new. `wegent-executor resume` changes that.",
    "mode_draining": "Draining: it ends when everything has ended. `wegent-executor resume` calls that off.",
    "mode_restarting": "Restarting when everything has ended. `wegent-executor resume` calls that off.",
    "mode_stopping": "It is stopping.",
    "running_since": "{used} of {total} slots in use; process {pid}, version {version}, since {since}.",
    "load": "Load: {load}",
    "since": "since {when}",
    "bytes_waiting": "{bytes} bytes of output wait to be sent",
    "task_accepting": "asks whether to start",
    "task_running": "running",
    "task_stopping": "being stopped",
    "task_ended": "ended, being reported",
    "may_sleep": "This computer has a battery and may fall asleep meanwhile: --keep-awake prevents that.",
    # pause, resume, drain, restart, stop
    "done_pause": "Paused: it takes nothing new and goes on with what runs, until `wegent-executor resume`.",
    "done_resume": "It takes tasks again.",
    "left_to_do": "{running} running, {reporting} to be reported…",
    "left_draining": (
        "It goes on by itself. `wegent-executor status` shows how far it is, `resume` calls it off."
    ),
    "called_off": "It was called off: the executor goes on.",
    "died": "The executor ended without a word. Its log says more; what it had put out is kept.",
    "ended": "The executor has ended.",
    "ended_otherwise": "The executor ended otherwise (exit code {code}). Its log says more.",
    "restarted": "It runs anew (process {pid}).",
    "not_back": "It ended, but does not answer yet. Its log says more.",
    # service
    "plainly": "{text}",
    "service_flags": ("A service reads its settings from {file}: write them there, and install it without flags."),
    "service_needs_login": (
        "The service has no login that it could use: one in this terminal's WEGENT_TOKEN or --token it does"
        ' not see. Type `wegent-executor login` first, or write `token = "…"` into {file} (chmod 600).'
    ),
    "service_other_runs": (
        "An executor that is not this service runs with {home} already. Type `wegent-executor stop` first."
    ),
    "service_installed": (
        "Installed and started: {name}. `wegent-executor status` shows how it is, `wegent-executor service"
        " logs` what it says."
    ),
    "service_hint_linger": (
        "It ends when you log out, and starts when you log in. To have it run all the time: loginctl enable-linger"
    ),
    "service_unseen": (
        "These variables of your terminal the service does not see: {names}. If it needs them, write them"
        " under [environment] in {file} (chmod 600 if one is a secret) and type `wegent-executor restart`."
    ),
    "service_removed": "The service has ended and is removed. Your settings, login and tasks' folders stay.",
    "service_missing": "No service is installed. Install it: wegent-executor service install",
    "service_active": "Installed ({name}), and it runs. `wegent-executor status` says more.",
    "service_inactive": (
        "Installed ({name}), but it does not run. `wegent-executor service logs` and `wegent-executor"
        " doctor` say why."
    ),
    **ENGLISH_DOCTOR,
}

"""All checks, in the order in which they are made. A new one is a function, a line here, and its phrases."""

from executor.doctor import computer, login, network, shells
from executor.doctor.check import Check

CHECKS = (
    Check("config", computer.look_at_config),
    Check("home", computer.look_at_home),
    Check("disk", computer.look_at_disk),
    Check("executor", computer.look_at_executor, within=15),
    Check("workspaces", computer.look_at_workspaces, needs=("config",)),
    Check("claude", shells.look_at_claude, needs=("config",), within=30),
    Check("kernels", shells.look_at_kernels, needs=("config",), within=30),
    Check("shells", shells.look_at_shells, needs=("kernels",), within=30),
    Check("url", network.look_at_url, needs=("config",)),
    Check("proxy", network.look_at_proxy, needs=("url",)),
    Check("dns", network.look_at_dns, needs=("url", "proxy")),
    Check("connection", network.look_at_connection, needs=("dns",)),
    Check("tls", network.look_at_tls, needs=("connection",)),
    Check("http", network.look_at_http, needs=("tls", "proxy")),
    Check("clock", network.look_at_clock, needs=("http",)),
    Check("login", login.look_at_login, needs=("url",)),
    Check("token", login.look_at_token, needs=("login", "http")),
    Check("websocket", network.look_at_websocket, needs=("http",)),
)

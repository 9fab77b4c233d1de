"""What a host does without."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

HOSTS = {
    "kernel": "import executor.shells.kernel_host",
    "Claude Code": "from executor.shells import claude_sdk; claude_sdk.load()",
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_starts_without_the_grammar_that_jsonschema_would_build(host: str) -> None:
    assert find_spec("rfc3987_syntax"), "JupyterLab brings it no more: executor/shells/absent.py can go"
    code = f"import sys; {HOSTS[host]}; assert 'jsonschema' in sys.modules; print('lark' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "False\n"

"""The wheel: what a person gets who installs Wegent without a checkout."""

import json
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from support.sources import ROOMS, ROOT

import wegent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from this checkout without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_has_every_source_file_of_every_room_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    here = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
    }  # fmt: skip
    there = {name for name in wheel.namelist() if name.endswith(".py")}
    assert there == here
    roots = {name.partition("/")[0] for name in wheel.namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == set(ROOMS)


def test_the_wheel_has_the_migrations_and_the_markers_and_not_the_thin_project(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {f"{room}/py.typed" for room in ROOMS} <= names
    assert [name for name in names if name.startswith("api/store/migrations/versions/")]
    assert "executor/pyproject.toml" not in names


def test_the_wheel_has_the_built_page(wheel: zipfile.ZipFile) -> None:
    built = ROOT / "api/static"
    assert (built / "index.html").exists(), "the web page is not built: run `make page`"
    here = {str(path.relative_to(ROOT)) for path in built.rglob("*") if path.is_file()}
    assert {name for name in wheel.namelist() if name.startswith("api/static/")} == here
    assert [name for name in here if name.endswith(".js")]


def test_migrations_run_from_the_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "installed")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r}); import api.store.migrate as m;"
        f" assert m.__file__.startswith({str(tmp_path)!r}); m.upgrade('sqlite:///{tmp_path}/wheel.db')"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "wheel.db").stat().st_size > 0


def test_the_page_can_be_built_on_every_platform() -> None:
    packages = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    wanted = {name for package in packages.values() for name in package.get("optionalDependencies", {})}
    # What npm cannot find while it locks, it leaves out without a word; `npm ci` then refuses everywhere.
    assert not {name for name in wanted if f"node_modules/{name}" not in packages}
    assert not [path for path, package in packages.items() if "resolved" in package], "no addresses of registries"


def test_the_three_commands_are_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(project["scripts"]) == {"wegent", "wegent-server", "wegent-executor"}
    for point in entry_points(group="console_scripts"):
        if point.dist is not None and point.dist.name == "wegent":
            assert callable(point.load()), point.name


def test_a_laptop_that_runs_the_executor_installs_no_server_package() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    server = {"quart", "quart-schema", "hypercorn", "redis", "databases", "pyjwt", "sqlalchemy", "alembic"}
    names = {requirement.partition(">")[0].partition("[")[0].strip() for requirement in extras["executor"]}
    assert not names & server


def test_importing_wegent_imports_neither_network_nor_terminal() -> None:
    code = "import sys, wegent; sys.exit(bool({'aiohttp', 'rich', 'asyncio'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-P", "-c", code], timeout=60).returncode == 0


def test_everything_that_wegent_exports_is_there() -> None:
    assert wegent.__all__ == sorted(wegent.__all__)
    for name in wegent.__all__:
        assert getattr(wegent, name).__name__ == name

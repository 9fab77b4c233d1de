"""The kernel that the other tests here rely on."""

from support.kernel import Kernel
from support.processes import eventually


async def test_a_kernel_runs_cells_and_keeps_what_comes_later(kernel: Kernel) -> None:
    run = await kernel.run("print(1)\n2")
    assert (run.stdout, run.plain, run.error) == ("1\n", "2", None)
    failed = await kernel.run("1 / 0")
    assert failed.error is not None and failed.error["ename"] == "ZeroDivisionError"
    later = (
        "import threading; h = display('a', display_id=True); threading.Timer(0.3, lambda: h.update('b')).start()"
    )
    shown = await kernel.run(later)
    await eventually(lambda: shown.plain == "'b'")
    assert "bit_length" in " ".join(await kernel.complete("h = 1\nh.bit_le"))
    endless = await kernel.begin("import time\nwhile True: time.sleep(0.1)")
    await kernel.interrupt(endless)
    assert (await kernel.ended(endless)).error is not None
    await kernel.run("x = 1")
    await kernel.restart()
    assert (await kernel.run("x")).error is not None

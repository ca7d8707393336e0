"""What `telltale up` does besides succeeding: two at once, interrupted, in the way of others, as another user."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.host.embedded.home import Home
from infra.host.embedded.java import cache_folder
from infra.host.embedded.network_ports import remembered_ports
from infra.settings import load_settings
from tests.integration.stack.kept import put_everywhere, where_kept
from tests.stacks import StackOfTests, must, wait_until

REFUSED, NOT_REACHABLE, INTERRUPTED = 4, 3, 130


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[StackOfTests]:
    stack = StackOfTests(tmp_path / "home")
    yield stack
    stack.run("reset", "--yes")


def test_two_stacks_in_two_folders_do_not_disturb_each_other(stack: StackOfTests, fresh: StackOfTests) -> None:
    must(fresh.up())
    ours, theirs = ({part["address"] for part in each.parts().values()} for each in (fresh, stack))
    assert not ours & theirs
    put_everywhere(fresh.settings, "in-one-only")
    assert "log" in where_kept(fresh.settings, "in-one-only")
    put_everywhere(stack.settings, "in-the-other")
    assert where_kept(stack.settings, "in-one-only") == []
    must(fresh.run("reset", "--yes"))
    assert not fresh.home.exists()
    assert where_kept(stack.settings, "in-the-other") == ["log", "postgres", "registry"]


@pytest.mark.parametrize("after_s", [0.6, 2.0, 4.0])
def test_ctrl_c_while_it_starts_leaves_nothing_running(fresh: StackOfTests, after_s: float) -> None:
    starting = fresh.start("up", "--services-only")
    time.sleep(after_s)  # not waiting for a condition: any moment will do
    starting.send_signal(signal.SIGINT)
    said, _ = starting.communicate(timeout=60)
    # In its first moments it is the interpreter that ends, by the signal itself, which a shell shows as 130 too.
    assert starting.returncode in {INTERRUPTED, -signal.SIGINT}, said
    assert fresh.running() == []


def test_ctrl_c_during_a_detached_start_leaves_nothing_running(fresh: StackOfTests) -> None:
    starting = fresh.start("up", "--services-only", "--detach")
    wait_until((fresh.home / "state.json").exists, deadline_s=20, what="the supervisor began")
    starting.send_signal(signal.SIGINT)
    said, _ = starting.communicate(timeout=60)
    assert starting.returncode == INTERRUPTED, said
    assert fresh.running() == []


def test_a_taken_port_is_named_with_who_has_it_and_what_to_do(fresh: StackOfTests) -> None:
    starting = fresh.start("up", "--services-only", "--light")
    wait_until((fresh.home / "ports.json").exists, deadline_s=20, what="ports are chosen")
    starting.send_signal(signal.SIGINT)
    starting.communicate(timeout=60)
    port = remembered_ports(Home(fresh.home))["kafka"]
    with socket.create_server(("127.0.0.1", port)):
        done = fresh.run("up", "--services-only", "--light")
    assert done.returncode == REFUSED
    assert f"port {port} of kafka is taken by {psutil.Process().name()} (pid {os.getpid()})" in done.stderr
    assert "telltale up --new-ports" in done.stderr


def test_a_service_that_cannot_start_shows_its_log_and_the_fix_and_stops_the_rest(fresh: StackOfTests) -> None:
    broken = StackOfTests(fresh.home, environment={"TELLTALE_JAVA": "/bin/false"})
    done = broken.run("up", "--services-only", "--light")
    assert done.returncode == NOT_REACHABLE
    assert "kafka" in done.stderr
    assert "next" in done.stderr
    assert broken.running() == []


def test_doctor_says_what_is_wrong_and_the_fix(fresh: StackOfTests) -> None:
    broken = StackOfTests(fresh.home, environment={"TELLTALE_JAVA": "/bin/false"})
    done = broken.run("doctor")
    assert done.returncode == 1
    assert "set TELLTALE_JAVA to a Java of version 17 or newer" in done.stdout


@pytest.fixture
def unprivileged() -> Iterator[StackOfTests]:
    """Give user nobody a stack, and the right to read root's files, since the tests' environment may be among them."""
    if os.geteuid() != 0:
        pytest.skip("these tests already run as an unprivileged user")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv, which starts a command as another user, is not installed")
    nobody = pwd.getpwnam("nobody")
    folder = Path(tempfile.mkdtemp(prefix="telltale-unprivileged-"))
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    _copy_for(nobody, cache_folder(load_settings(), Home(folder)) / "jars", folder / "cache" / "jars")
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    stack = StackOfTests(
        folder / "home",
        environment={"HOME": str(folder), "TELLTALE_CACHE": str(folder / "cache")},
        prefix=("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *reading),
    )
    if stack.run("version").returncode != 0:
        pytest.skip("this system does not let root hand the right to read to another user")
    yield stack
    stack.run("reset", "--yes")
    shutil.rmtree(folder)


def _copy_for(user: pwd.struct_passwd, downloads: Path, copy: Path) -> None:
    """Spare the user the downloads that root has made already."""
    shutil.copytree(downloads, copy)
    for path in (copy.parent, copy, *copy.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)


def test_it_runs_as_an_unprivileged_user(unprivileged: StackOfTests) -> None:
    must(unprivileged.up())
    owners = {process.username() for process in unprivileged.running()}
    assert owners == {"nobody"}
    put_everywhere(unprivileged.settings, "by-nobody")
    assert where_kept(unprivileged.settings, "by-nobody") == ["log", "postgres", "registry"]
    must(unprivileged.run("down"))
    assert unprivileged.running() == []


def test_a_stack_in_the_background_ends_with_the_process_it_was_started_for(fresh: StackOfTests) -> None:
    caller = subprocess.Popen(["/bin/sleep", "1000"])
    tied = StackOfTests(fresh.home, environment={"TELLTALE_WHILE": str(caller.pid)})
    must(tied.up())
    assert fresh.running()
    caller.kill()
    caller.wait()
    wait_until(lambda: fresh.running() == [], deadline_s=60, what="nothing of the stack is left")

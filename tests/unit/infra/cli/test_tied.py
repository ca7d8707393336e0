"""What is started for a process ends with it, however that ends: nothing is left behind by a killed test."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from infra.cli.tied import WHILE
from tests.stacks import wait_until

PROJECT = Path(__file__).parents[4]
STARTS_ONE_IN_A_SESSION_OF_ITS_OWN = """
import os, subprocess, sys, time
call = "from infra.cli.tied import end_as_told; end_as_told(); import time; time.sleep(100)"
told = os.environ | {"TELLTALE_WHILE": str(os.getpid())}
child = subprocess.Popen([sys.executable, "-c", call], start_new_session=True, env=told)
print(child.pid, flush=True)
time.sleep(100)
"""
STARTS_ONE_TIED = """
import subprocess, time
from tests.tied import tied
child = subprocess.Popen(["/bin/sleep", "100"], preexec_fn=tied, start_new_session=True)
print(child.pid, flush=True)
time.sleep(100)
"""


def killed_after_it_started_one(script: str) -> psutil.Process:
    """Return the process that a script started, once the script was killed."""
    with subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    return child


def test_a_command_in_a_session_of_its_own_ends_when_the_process_it_was_started_for_is_killed() -> None:
    child = killed_after_it_started_one(STARTS_ONE_IN_A_SESSION_OF_ITS_OWN)
    wait_until(lambda: not child.is_running(), deadline_s=30, what="it has ended too")


def test_a_program_of_the_tests_ends_when_the_test_is_killed() -> None:
    child = killed_after_it_started_one(STARTS_ONE_TIED)
    wait_until(lambda: not child.is_running(), deadline_s=30, what="it has ended too")


def test_a_command_for_a_process_that_is_gone_ends_at_once() -> None:
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    words = [sys.executable, "-c", "from infra.cli.main import main; main()", "version"]
    done = subprocess.run(
        words, check=False, cwd=PROJECT, env={**os.environ, WHILE: str(gone.pid)}, capture_output=True
    )
    assert done.returncode == -signal.SIGTERM


def test_the_tests_tie_to_themselves_what_they_start() -> None:
    assert os.environ[WHILE] == str(os.getpid())

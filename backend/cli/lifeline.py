"""Processes that end when the one that started them ends, however it ends.

The supervisor keeps the writing end of a pipe and gives each child the reading end. A kill -9
closes the pipe like any other end, the child reads its end of file, and stops its own process
group. (PR_SET_PDEATHSIG would do for the child on Linux, but not for granian's workers.)
"""

import os
import signal
import threading
import time

VARIABLE = "CHENGYU_LIFELINE"  # not BACKEND_…: it is no setting
GRACE_SECONDS = 3.0


def hold() -> None:
    """Stop this process group as soon as the supervisor is gone; without one, do nothing."""
    fd = os.environ.get(VARIABLE)
    if fd is not None:
        threading.Thread(target=_stop_at_end, args=[int(fd)], name="lifeline", daemon=True).start()


def _stop_at_end(fd: int) -> None:
    os.read(fd, 1)  # nobody ever writes
    os.killpg(os.getpgrp(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)

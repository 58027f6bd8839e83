# SPDX-License-Identifier: GPL-2.0-only
"""gcc, for the few small programs that dom0 and the middle machine need."""

import subprocess

from .errors import TestbedError


def compile_c(*args):
    done = subprocess.run(["gcc", *args], capture_output=True, text=True)
    if done.returncode:
        raise TestbedError("gcc: " + done.stderr.strip()[-600:])

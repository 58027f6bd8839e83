# SPDX-License-Identifier: GPL-2.0-only
"""The parts of testbed/vm; each module's first lines say what it is for."""

import os

# Where mkfs and depmod are, which root by a plain `su` does not have.
os.environ["PATH"] += ":/usr/sbin:/sbin"

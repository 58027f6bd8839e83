# SPDX-License-Identifier: GPL-2.0-only
"""The one exception the testbed raises for its own failures (exit status 3)."""


class TestbedError(Exception):
    """The testbed could not do its work; says nothing about the subject."""

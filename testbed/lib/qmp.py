# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's monitor protocol (QMP), over a unix socket that we serve.

We serve rather than connect, because the QEMU at the other end may sit in the
middle machine, behind a console port of it: it says its greeting when it is up.
"""

import json
import time

from .linesocket import LineSocket


class Qmp(LineSocket):
    def __init__(self, path):
        super().__init__(path)
        self.greeted = False
        self.events = set()         # names of the events that came
        self.replies = []

    def _line(self, line):
        # A console port may bring noise before QEMU owns it.
        start = line.find(b"{")
        try:
            message = json.loads(line[start:]) if start >= 0 else {}
        except ValueError:
            return
        if "QMP" in message:
            self.greeted = True
            self._send("qmp_capabilities")
        elif "event" in message:
            self.events.add(message["event"])
        elif "return" in message or "error" in message:
            self.replies.append(message)

    def _send(self, command, arguments=None):
        text = {"execute": command, "id": command}
        if arguments:
            text["arguments"] = arguments
        try:
            self.peer.sendall(json.dumps(text).encode() + b"\n")
        except (OSError, AttributeError):
            pass                    # a dead QEMU is seen elsewhere

    def command(self, command, arguments=None, seconds=10):
        """Run a command; its answer, or None when none came in time."""
        if not self.greeted:
            return None
        self.replies.clear()
        self._send(command, arguments)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.peer:
            self.poll(0.1)
            for reply in self.replies:
                if reply.get("id") == command:
                    return reply.get("return", reply.get("error"))
        return None

    def hmp(self, line):
        """A command of the human monitor; its text."""
        answer = self.command("human-monitor-command",
                              {"command-line": line})
        return answer if isinstance(answer, str) else f"{answer}\n"

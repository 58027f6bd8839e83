# SPDX-License-Identifier: GPL-2.0-only
"""The guest's own line to the testbed: script output, marks and verdict.

The guest's second serial port (or console) ends, through the engine's plumbing,
in a unix socket that we serve. Lines that begin with "@xg " are messages (see
testbed/guest/init), the rest is the guest script's output and goes to
script.log. What the host says to the guest is "tell NAME".
"""

import sys

from .linesocket import LineSocket

MESSAGE = b"@xg "


class Channel(LineSocket):
    def __init__(self, path, log, on_message, verbose=False):
        """Listen at `path`; on_message(verb, rest) is called from poll()."""
        super().__init__(path)
        self.on_message = on_message
        self.verbose = verbose
        self.log = open(log, "wb", buffering=0)
        self.blank = False          # an empty line held back
        self.unsent = []

    def close(self):
        super().close()
        self._output(self.pending)
        self.log.close()

    def _connected(self):
        for name in self.unsent:
            self.tell(name)
        self.unsent = []

    def tell(self, name):
        """Make `wait_tell NAME` in the guest go on."""
        if not self.peer:
            self.unsent.append(name)
            return
        try:
            self.peer.sendall(f"tell {name}\n".encode())
        except OSError:
            pass                    # a dead guest is seen elsewhere

    def _line(self, line):
        if line.startswith(MESSAGE):
            # The guest puts an empty line before a message, to end whatever
            # its script left unfinished: not part of the script's output.
            self.blank = False
            words = line[len(MESSAGE):].decode(errors="replace").split(" ", 1)
            self.on_message(words[0], words[1] if len(words) > 1 else "")
            return
        if self.blank:
            self._output(b"\n")
        self.blank = not line
        if line:
            self._output(line + b"\n")

    def _output(self, data):
        self.log.write(data)
        if self.verbose and data:
            sys.stdout.write(data.decode(errors="replace"))
            sys.stdout.flush()

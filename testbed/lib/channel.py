# SPDX-License-Identifier: GPL-2.0-only
"""The guest's own line to the testbed: script output, marks and verdict.

The guest's second serial port (or console) ends, through the engine's plumbing,
in a unix socket that we serve. Lines that begin with "@xg " are messages (see
testbed/guest/init), the rest is the guest script's output and goes to
script.log. What the host says to the guest is "tell NAME".
"""

import select
import socket
import sys

MESSAGE = b"@xg "


class Channel:
    def __init__(self, path, log, on_message, verbose=False):
        """Listen at `path`; on_message(verb, rest) is called from poll()."""
        self.on_message = on_message
        self.verbose = verbose
        self.log = open(log, "wb", buffering=0)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(1)
        self.peer = None
        self.pending = b""
        self.blank = False          # an empty line held back
        self.unsent = []

    def close(self):
        for s in (self.peer, self.server):
            if s:
                s.close()
        self._output(self.pending)
        self.log.close()

    def poll(self, seconds):
        """Wait for input at most so long, and deal with it."""
        ready, _, _ = select.select([self.peer or self.server], [], [],
                                    seconds)
        if not ready:
            return
        if not self.peer:
            self.peer, _ = self.server.accept()
            for name in self.unsent:
                self.tell(name)
            self.unsent = []
            return
        try:
            data = self.peer.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.peer.close()
            self.peer = None
            return
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            self._line(line.rstrip(b"\r"))

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

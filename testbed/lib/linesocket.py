# SPDX-License-Identifier: GPL-2.0-only
"""A unix socket that we serve to one peer at a time, and its lines."""

import select
import socket


class LineSocket:
    """What comes is taken in poll(), which calls _line() for each line."""

    def __init__(self, path):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(1)
        self.peer = None
        self.pending = b""          # a line whose end has not come

    def close(self):
        for s in (self.peer, self.server):
            if s:
                s.close()

    def poll(self, seconds):
        """Wait for input at most so long, and deal with it."""
        if not select.select([self.peer or self.server], [], [], seconds)[0]:
            return
        if not self.peer:
            self.peer, _ = self.server.accept()
            self._connected()
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

    def _connected(self):
        """A peer is there."""

    def _line(self, line):
        raise NotImplementedError

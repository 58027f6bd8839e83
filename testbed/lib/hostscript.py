# SPDX-License-Identifier: GPL-2.0-only
"""The host script of engine kvm, which runs on this machine beside the guest.

There is no dom0 and no xl: it has `wait_mark`, `tell` and `hmp COMMAND`, the
monitor of the guest's QEMU (testbed/middle/bin). They talk to us by files in
the run's folder.
"""

import os
import signal
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parents[1] / "middle"


class HostScript:
    def __init__(self, spec, paths, channel, qmp):
        self.run, self.channel, self.qmp = paths.run, channel, qmp
        self.status = None
        self.process = None
        self.wanted = bool(spec.host_script)
        self.script, self.log = spec.host_script, paths.out / "host.log"
        self.out = paths.out
        for name in ("marks", "tells", "hmp"):
            (self.run / name).mkdir()

    @property
    def done(self):
        return not self.wanted or self.status is not None

    def mark(self, name):
        (self.run / "marks" / Path(name).name).touch()

    def step(self):
        """Start it once QEMU is there, do what it asks, take its status."""
        if not self.wanted:
            return
        if not self.process and self.qmp.greeted:
            self._start()
        for tell in (self.run / "tells").iterdir():
            self.channel.tell(tell.name)
            tell.unlink()
        for ask in (self.run / "hmp").glob("*.ask"):
            answer = self.qmp.hmp(ask.read_text().strip())
            ask.unlink()
            new = ask.with_suffix(".new")
            new.write_text(answer.replace("\r", ""))
            new.rename(ask.with_suffix(".answer"))
        if self.process and self.status is None:
            self.status = self.process.poll()

    def _start(self):
        env = {**os.environ, "XG_RUN": str(self.run), "GUEST": "guest",
               "OUT": str(self.out / "out"),
               "PATH": f"{HERE / 'bin'}:{os.environ['PATH']}"}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["/bin/bash", self.script], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=env, start_new_session=True)

    def close(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

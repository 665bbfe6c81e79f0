# SPDX-License-Identifier: Apache-2.0
"""A process that takes one core for itself as far as the scheduler lets it: the neighbour on a shared machine."""
import os
import subprocess
import sys


class BusyCore:
    """`with BusyCore(): ...` while a helper spins on the last core that this process may use."""

    def __enter__(self):
        core = max(os.sched_getaffinity(0))
        code = f"import os\nos.sched_setaffinity(0, {{{core}}})\nprint(flush=True)\nwhile True: pass"
        # pylint: disable=consider-using-with  # it lives until __exit__
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        self.process.stdout.readline()  # it spins from here on
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

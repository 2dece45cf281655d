#!/usr/bin/python3
# The machines' /usr/bin/borg: the system's borg without what makes a short one take twice the time. Debian's own program does one thing
# more: it looks for borg's entry point in the metadata of borg's package.
import gc

gc.disable()  # nothing that is loaded is garbage

import os  # noqa: E402
import sys  # noqa: E402
import types  # noqa: E402

import borg.constants  # noqa: E402

# It would test itself at each start, or, told not to, load its tests all the same.
os.environ["BORG_SELFTEST"] = "disabled"
selftest = sys.modules["borg.selftest"] = types.ModuleType("borg.selftest")
selftest.selftest = lambda logger: None
# What makes a passphrase slow to guess; borg's own tests do the same (borg/__init__.py). It holds for repositories that are made here.
borg.constants.PBKDF2_ITERATIONS = 1

from borg.archiver import main  # noqa: E402, as it takes the constants over

gc.freeze()
gc.enable()
sys.exit(main())

#!/usr/bin/python3
# The machines' /usr/bin/borg: the system's borg, started as pip would start it. Debian's own program first looks for borg's entry point in
# the metadata of its package, which is a sixth of the time of a short borg. Another sixth are the iterations that make a passphrase slow to
# guess: repositories made here have few of them, as those of borg's own tests (borg/__init__.py).
import sys

import borg.constants

borg.constants.PBKDF2_ITERATIONS = 1

from borg.archiver import main  # noqa: E402, as it takes the constants over

sys.exit(main())

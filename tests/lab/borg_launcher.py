#!/usr/bin/python3
# The machines' /usr/bin/borg: the system's borg without what makes a short one take twice the time.
import os
import sys

import borg.constants

# It would test itself at each start.
os.environ["BORG_SELFTEST"] = "disabled"
# What makes a passphrase slow to guess; borg's own tests do the same (borg/__init__.py). It holds for repositories that are made here.
borg.constants.PBKDF2_ITERATIONS = 1

# Debian's own program looks for this in the metadata of borg's package first. It takes the constants over, so it comes after them.
from borg.archiver import main  # noqa: E402

sys.exit(main())

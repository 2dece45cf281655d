#!/usr/bin/python3
# The machines' /usr/bin/borg: the system's borg as pip would start it. Debian's own program looks for borg's entry point in the metadata of
# its package first, which is a sixth of the time of a short borg.
import sys

from borg.archiver import main

sys.exit(main())

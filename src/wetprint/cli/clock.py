"""When the command began: a time budget runs from here, imports included."""

import time

STARTED = time.monotonic()

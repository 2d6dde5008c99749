"""`python -m semrender`."""

import sys

from semrender.commands import main

sys.exit(main())

"""`python -m phenaki_viz.cli`."""

import sys

from phenaki_viz.cli import main

sys.exit(main())

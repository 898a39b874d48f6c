"""The engine's process. Locust patches the process on import, so it comes before everything else."""

import locust  # isort: skip

import sys

from entsurge.engine.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], locust.__version__))

"""The engine's process. Locust patches the process on import, so it comes before everything else."""

import locust  # isort: skip

import sys

from entsurge.engine import cleanup, doctor, run, worker

if __name__ == "__main__":
    if sys.argv[1] == "--worker":
        sys.exit(worker.main(sys.argv[2], int(sys.argv[3])))
    if sys.argv[1] == "--doctor":
        sys.exit(doctor.main(sys.argv[2]))
    if sys.argv[1] == "--cleanup":
        sys.exit(cleanup.main(sys.argv[2]))
    sys.exit(run.main(sys.argv[1], locust.__version__))

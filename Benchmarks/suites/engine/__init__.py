"""What all benchmark suites run on: cells, their results in one SQLite file, local processes or a Dask cluster.

One thread in each process: sums in a fixed order on every machine, however a suite is imported, and a core for each
job. The variables are for libraries that are loaded later, here or in the jobs.
"""

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from threadpoolctl import threadpool_limits  # noqa: E402

threadpool_limits(1)

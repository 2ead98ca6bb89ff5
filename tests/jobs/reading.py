"""A finished run, and readers of it that something befalls."""

from itertools import count

import pyarrow.parquet as pq

from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import run
from hierbatch.manifest.takes.takes import Takes
from tests.engine.fake_model import Fault
from tests.jobs.running import LOCAL, job
from tests.making import manifest_file

N_ROWS = 100
COLUMNS = ("id", "scene", "take_key", "attempt", "status", "duration_s", "flags")
FAULTS = {3: Fault.RAISE, 5: Fault.NAN, 9: Fault.CLIPPED}


def finished_run(folder):
    """A run whose takes lie in two plans and three parts, and that passes a column of its manifest on."""
    asked = job(folder, N_ROWS, FAULTS, max_retakes=1)
    manifest_file(folder, N_ROWS, FAULTS, scene=[f"scene {i % 7} of r{i:03d}" for i in range(N_ROWS)])
    run(asked)
    retry(RetryJob(run=asked.out, ids=("r003", "r050"), execution=LOCAL))
    return asked.out


def before_opening(monkeypatch, acts, *further):
    """Do each act once, before the reader's so-manyth opening of a Parquet file; gives a list of acts done.

    `further` are other classes and methods that open files, and count too.
    """
    done, numbers, is_acting = [], count(1), []

    def watched(real):
        def opening(self, *arguments, **named):
            if not is_acting and (act := acts.get(next(numbers))):
                is_acting.append(True)
                act()
                is_acting.clear()
                done.append(act)
            return real(self, *arguments, **named)

        return opening

    for kind, method in ((pq.ParquetFile, "__init__"), (pq.ParquetDataset, "__init__"), *further):
        monkeypatch.setattr(kind, method, watched(getattr(kind, method)))
    return done


def all_of(folder):
    takes = Takes(folder)
    return takes.table(COLUMNS).to_pylist(), takes.sounds(takes.ids), takes.rows(["r050", "r003"], COLUMNS).to_pylist()

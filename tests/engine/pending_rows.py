"""Pending rows found by comparing names in memory, as a reference for the index of committed rows."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.engine.work_units import make_pending
from hierbatch.manifest.runs.parts import read_committed_parts
from hierbatch.manifest.runs.plan_units import PlanUnits
from hierbatch.manifest.runs.take_ids import NAME_TYPE, TAKE_ID_COLUMNS, row_names


def committed_names(folder) -> pa.Array:
    """Names of all committed takes of a run."""
    names = [row_names(table) for _, table in read_committed_parts(folder.part_files, TAKE_ID_COLUMNS)]
    return pa.concat_arrays(names) if names else pa.array([], NAME_TYPE)


def find_pending(plan, committed):
    """Rows of a plan that are not among some takes."""
    is_made = pc.is_in(row_names(pq.read_table(plan, columns=list(TAKE_ID_COLUMNS))), value_set=committed)
    return make_pending(plan, PlanUnits.from_plan(plan), ~np.asarray(is_made.to_numpy(zero_copy_only=False)))

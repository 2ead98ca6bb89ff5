import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.manifest.runs.plan_columns import PlanColumns


def test_columns_come_in_the_order_asked_for_whatever_row_groups_they_are_in(tmp_path):
    places = np.random.default_rng(0).permutation(100)
    table = pa.table({"position": places, "text": [f"t{n}" for n in places], "chapter": places // 10})
    pq.write_table(table, tmp_path / "plan.parquet", row_group_size=7)
    plan = PlanColumns(tmp_path / "plan.parquet", ["chapter", "text"])
    for asked in (np.arange(100), np.arange(99, -1, -1), np.array([42, 3, 77]), places[:60]):
        found = plan.at(asked)
        assert found.column_names == ["chapter", "text"]
        assert found.column("text").to_pylist() == [f"t{n}" for n in asked]
        assert found.column("chapter").to_pylist() == (asked // 10).tolist()

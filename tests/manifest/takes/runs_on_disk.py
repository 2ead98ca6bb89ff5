"""Plans and parts of small runs, written without the engine."""

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, TAKE_COLUMNS, arrow_schema, plan_schema, take_schema
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.takes.takes import Takes

PLAN = plan_schema(arrow_schema(MANIFEST_COLUMNS, "manifest"))
TAKES = take_schema(PLAN)
assert {column.name for column in TAKE_COLUMNS} <= set(TAKES.names)


class RunOnDisk:
    """Plans and parts put down by hand."""

    def __init__(self, root):
        self.layout = RunLayout(root)
        self.layout.plans.mkdir()
        self.layout.parts.mkdir()

    def plan(self, rows, generation=1, retry=0):
        """Rows are (id, key, attempt, chapter)."""
        listed = [
            {"id": i, "take_key": key, "attempt": attempt, "chapter": chapter, "position": position}
            for position, (i, key, attempt, chapter) in enumerate(rows)
        ]
        plans = self.layout.plan_files(generation)
        plan = self.layout.retry_plan_file(plans, f"{retry:012x}") if retry else self.layout.plan_file(generation)
        pq.write_table(pa.Table.from_pylist(listed, schema=PLAN), plan)

    def part(self, name, rows):
        """Rows are (id, key, attempt, status), and where it matters flags and the ratio to the expected duration."""
        listed = [
            {
                "flags": list(judged[0]) if judged else [],
                "duration_ratio": judged[1] if judged else None,
                "id": i,
                "take_key": key,
                "attempt": attempt,
                "status": status,
                "chapter": -1,
                "audio": {"bytes": f"{i} {key}".encode(), "path": "x"} if status == "ok" else None,
            }
            for i, key, attempt, status, *judged in rows
        ]
        pq.write_table(pa.Table.from_pylist(listed, schema=TAKES), self.layout.part_file(name), row_group_size=2)

    def takes(self):
        return Takes(self.layout.root)


def told(takes, *columns):
    return [tuple(row.values()) for row in takes.table(columns or ["id", "take_key", "status"]).to_pylist()]

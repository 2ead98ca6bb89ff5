"""What a benchmark imports is found when it is started as its page says: by its path, from the repository's root."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FIND = """
import ast, importlib.util, json, sys
from pathlib import Path
folder = Path("benchmarks")
sys.path[0] = str(folder.resolve())
sys.path.append(str(folder.resolve().parent))  # a benchmark that imports `tools` puts the root on its path

missing = {}
for script in sorted(folder.glob("*.py")):
    nodes = ast.parse(script.read_text(encoding="utf-8")).body
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    text = script.read_text(encoding="utf-8")
    if any(name.startswith("tools") for name in names) and "parents[1]))" not in text:
        names.add("tools_without_the_root_on_the_path")
    lost = sorted(name for name in names if importlib.util.find_spec(name.partition(".")[0]) is None)
    if lost:
        missing[script.name] = lost
print(json.dumps(missing))
"""


def test_every_import_of_a_benchmark_is_found_where_it_is_started():
    found = subprocess.run(
        [sys.executable, "-c", _FIND],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert json.loads(found.stdout) == {}

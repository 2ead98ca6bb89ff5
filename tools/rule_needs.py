"""Store the needs of the packaged normalization rules, after a rule was changed.

    python -m tools.rule_needs

Rules that are not in the table work as well; the start of a command takes longer.
"""

from __future__ import annotations

import json
from pathlib import Path

from hierbatch.frontend.english.normalization import ENGLISH_RULES
from hierbatch.frontend.korean.normalization import KOREAN_RULES
from hierbatch.frontend.required_characters import find_needs
from hierbatch.frontend.stored_needs import FILE_NAME, needs_key, to_stored


def needs_table() -> str:
    """Content of the table, as JSON with one rule per line."""
    rules = [*ENGLISH_RULES, *KOREAN_RULES]
    table = {needs_key(rule.expression, rule.flags): to_stored(find_needs(rule.pattern)) for rule in rules}
    lines = [f"{json.dumps(key)}: {json.dumps(table[key], ensure_ascii=False)}" for key in sorted(table)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    path = Path(__file__).parents[1] / "hierbatch" / "frontend" / FILE_NAME
    path.write_text(needs_table(), encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

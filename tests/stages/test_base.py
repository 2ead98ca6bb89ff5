import pytest

from hierbatch.engine.planning import plan_rows  # noqa: F401 - the plan is what the chain below reads
from hierbatch.errors import SetupError
from hierbatch.manifest.columns.schema import MANIFEST_SCHEMA, plan_schema
from hierbatch.stages.base import check_chain
from hierbatch.stages.speak import Speak
from hierbatch.stages.text import PhonemizeText


def test_a_plan_holds_all_that_speaking_reads():
    check_chain([Speak], plan_schema(MANIFEST_SCHEMA).names)


def test_what_one_stage_writes_the_next_may_read():
    read_by_speak_alone = set(Speak.reads) - set(PhonemizeText.writes) - set(PhonemizeText.reads)
    check_chain([PhonemizeText, Speak], {*PhonemizeText.reads, *read_by_speak_alone})


def test_all_missing_columns_are_named_before_anything_loads():
    with pytest.raises(SetupError) as caught:
        check_chain([Speak, PhonemizeText], {"id", "text", "phonemes", "speed"})
    assert "Speak lacks" in str(caught.value)
    assert "text_norm" in str(caught.value)
    assert "PhonemizeText lacks language" not in str(caught.value)  # Speak writes it

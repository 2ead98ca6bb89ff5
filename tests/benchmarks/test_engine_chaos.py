import io
from shutil import copytree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from hierbatch.jobs.run import run
from tests.jobs.running import job
from tests.loading import load_script

SCRIPT = "benchmarks/engine_chaos.py"


def flac(samples):
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def test_the_ratio_is_that_of_the_sound_to_its_difference():
    snr_db = load_script(SCRIPT).snr_db
    tone = 0.5 * np.sin(np.arange(16_000) / 10)
    assert snr_db(flac(tone), flac(tone)) == np.inf
    assert snr_db(flac(tone), flac(tone * 1.01)) == pytest.approx(40.0, abs=0.2)
    assert snr_db(flac(tone), flac(tone[:-1])) == -np.inf


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    asked = job(tmp_path_factory.mktemp("calm"), 6)
    run(asked)
    return asked.out


def changed(calm, folder, change):
    """A copy of a run whose one part holds changed rows."""
    copytree(calm, folder)
    (part,) = folder.glob("parts/*.parquet")
    pq.write_table(change(pq.read_table(part)), part)
    return folder


def louder(takes):
    audio = takes.column("audio").to_pylist()
    samples, _ = soundfile.read(io.BytesIO(audio[2]["bytes"]))
    audio[2]["bytes"] = flac(samples * 1.0001)
    return takes.set_column(takes.schema.get_field_index("audio"), "audio", pa.array(audio, takes.field("audio").type))


def test_runs_with_another_sound_or_a_missing_id_differ(calm, tmp_path):
    compare = load_script(SCRIPT).compare
    same = changed(calm, tmp_path / "same", lambda takes: takes)
    assert compare(calm, same, 6, to_the_byte=True)
    assert not compare(calm, same, 7, to_the_byte=True)
    other = changed(calm, tmp_path / "other", louder)
    assert not compare(calm, other, 6, to_the_byte=True)
    assert compare(calm, other, 6, to_the_byte=False)
    assert not compare(calm, changed(calm, tmp_path / "fewer", lambda takes: takes.slice(1)), 6, to_the_byte=False)


def test_ancestors_end_where_no_one_is_known():
    ancestors = load_script(SCRIPT).ancestors
    assert ancestors(7, {7: 5, 5: 2, 2: 0, 9: 2}) == {7, 5, 2}
    assert ancestors(7, {7: 7}) == {7}

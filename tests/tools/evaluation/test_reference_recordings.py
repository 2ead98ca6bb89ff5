import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from hierbatch.errors import InputError
from tools.evaluation.evaluation_set import SET_NAMES, ClipSource, load_set
from tools.evaluation.kit import shared_folder
from tools.evaluation.reference_recordings import read_recordings


def speech_file(folder, rows, rate_hz=16_000):
    """A Parquet file of (id, text, samples)."""
    table = []
    for name, text, samples in rows:
        sink = io.BytesIO()
        soundfile.write(sink, samples, rate_hz, format="FLAC", subtype="PCM_16")
        table.append({"id": name, "text": text, "audio": {"bytes": sink.getvalue(), "path": f"{name}.flac"}})
    pq.write_table(pa.Table.from_pylist(table), folder / "speech.parquet")
    return folder


RAMP = np.linspace(-0.5, 0.5, 32_000).astype(np.float32)


def test_a_part_of_a_row_is_cut_at_its_seconds_and_has_no_words(tmp_path):
    folder = speech_file(tmp_path, [("a", "hello there", RAMP)])
    whole = ClipSource(file="speech.parquet", row="a")
    first = ClipSource(file="speech.parquet", row="a", end_s=0.5)
    last = ClipSource(file="speech.parquet", row="a", start_s=0.5)
    found = read_recordings(folder, [whole, first, last])
    assert found[whole].text == "hello there"
    assert (found[first].text, found[last].text) == ("", "")
    joined = np.concatenate([found[first].waveform.samples, found[last].waveform.samples])
    np.testing.assert_array_equal(joined, found[whole].waveform.samples)
    assert found[first].waveform.n_samples == 8000
    np.testing.assert_allclose(found[whole].waveform.samples, RAMP, atol=1e-4)


def test_other_rates_are_brought_to_16_khz(tmp_path):
    folder = speech_file(tmp_path, [("a", None, RAMP)], rate_hz=32_000)
    (found,) = read_recordings(folder, [ClipSource(file="speech.parquet", row="a")]).values()
    assert (found.waveform.rate_hz, found.waveform.n_samples, found.text) == (16_000, 16_000, "")


def test_capitals_throughout_become_plain_words_and_initials_stay(tmp_path):
    folder = speech_file(tmp_path, [("a", "AFTER MISTER CROW FLEW", RAMP), ("b", "She works at NASA now", RAMP)])
    found = read_recordings(folder, [ClipSource(file="speech.parquet", row=name) for name in "ab"])
    assert [recording.text for recording in found.values()] == ["after mister crow flew", "She works at NASA now"]


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"speech\.parquet.*--data.*HIERBATCH_SHARED"):
        read_recordings(tmp_path, [ClipSource(file="speech.parquet", row="a")])
    speech_file(tmp_path, [("a", "", RAMP)])
    with pytest.raises(InputError, match="zz"):
        read_recordings(tmp_path, [ClipSource(file="speech.parquet", row="zz")])


@pytest.mark.shared
@pytest.mark.parametrize("name", SET_NAMES)
def test_every_clip_of_the_sets_is_in_the_shared_recordings(name):
    folder = shared_folder() / "speech"
    if not folder.is_dir():
        pytest.skip("the shared recordings are not here")
    chosen = load_set(name)
    found = read_recordings(folder, chosen.clips())
    for voice in chosen.voices:
        shortest_s, longest_s = (4, 22) if name == "audit" else (5, 15)  # the clips that other sets left
        assert shortest_s <= found[voice.prompt].waveform.duration_s <= longest_s
        assert found[voice.reference].waveform.duration_s >= shortest_s
    assert all(found[entry.clip].text for entry in chosen.transcribed_clips)

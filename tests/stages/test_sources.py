import io
import os

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from hierbatch.audio.opening import SoundLimits
from hierbatch.errors import PromptError, SourceError
from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.stages.recordings import open_source, read_source, stream_source
from hierbatch.stages.sources import ReadSource


def encoded(samples, rate_hz=16_000, container="WAV", codec="PCM_16"):
    sink = io.BytesIO()
    soundfile.write(sink, samples, rate_hz, format=container, subtype=codec)
    return sink.getvalue()


def noise(duration_s=1.0, rate_hz=16_000, channels=1):
    shape = (int(duration_s * rate_hz), channels)
    return (0.1 * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)


def read(root, *named, unusable=None):
    given = [{"bytes": s, "path": None} if isinstance(s, bytes) else s and {"bytes": None, "path": s} for s in named]
    rows = pa.table({"source": pa.array(given, AUDIO), "voice": ["anna"] * len(given)})
    return ReadSource(root, unusable)(rows).to_pylist()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "recordings"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.wav").write_bytes(encoded(noise()))
    (tmp_path / "secret.wav").write_bytes(encoded(noise()))
    return folder


def test_recordings_are_found_measured_and_named_by_their_content(root):
    by_path, absolute, by_bytes = read(
        root, "deep/../deep/a.wav", str(root / "deep" / "a.wav"), (root / "deep" / "a.wav").read_bytes()
    )
    assert {row["source_sha256"] for row in (by_path, absolute, by_bytes)} == {by_path["source_sha256"]}
    assert [row["expected_duration_s"] for row in (by_path, absolute, by_bytes)] == [1.0] * 3
    assert [row["error_kind"] for row in (by_path, absolute, by_bytes)] == [None] * 3
    assert by_path["source"]["path"] == str(root / "deep" / "a.wav")
    assert open_source(None, by_path["source"]["path"], by_path["source_sha256"]).n_samples == 16_000


def test_unusable_files_are_rows_with_a_reason(root):
    os.mkfifo(root / "pipe.wav")
    (root / "text.wav").write_text("no sound at all")
    (root / "low.wav").write_bytes(encoded(noise(), 2_000))
    (root / "blip.wav").write_bytes(encoded(noise(0.05)))
    named = ["../secret.wav", str(root.parent / "secret.wav"), "missing.wav", "pipe.wav", "deep", "text.wav"]
    named += ["low.wav", "blip.wav", None, "deep/a.wav"]
    *refused, good = read(root, *named)
    words = [
        "outside",
        "outside",
        "No such file",
        "a pipe",
        "a folder",
        "not a readable audio file",
        "sample rate",
        "too short",
    ]
    for row, word in zip(refused, [*words, "has no recording"], strict=True):
        assert row["error_kind"] == "source"
        assert word in row["error"]
    assert good["error_kind"] is None


def test_a_link_may_not_lead_out_of_the_folder(root):
    (root / "out.wav").symlink_to(root.parent / "secret.wav")
    (root / "away").symlink_to(root.parent)
    (root / "inside.wav").symlink_to(root / "deep" / "a.wav")
    out, through, inside = read(root, "out.wav", "away/secret.wav", "inside.wav")
    for row in (out, through):
        assert (row["error_kind"], row["source_sha256"]) == ("source", None)
        assert "outside" in row["error"]
    assert inside["error_kind"] is None


def test_the_folder_itself_may_be_a_link(root):
    link = root.parent / "link"
    link.symlink_to(root)
    named = ("deep/a.wav", str(link / "deep" / "a.wav"), str(root / "deep" / "a.wav"))
    assert [row["error_kind"] for row in (*read(link, *named), *read(root, *named))] == [None] * 6
    assert [row["error_kind"] for row in read(link, "../secret.wav")] == ["source"]


@pytest.mark.parametrize("read_in", [open_source, stream_source])
def test_a_worker_reads_regular_files_alone_and_no_more_than_its_bound(root, monkeypatch, read_in):
    monkeypatch.setattr("hierbatch.stages.recordings.SOURCE_LIMITS", SoundLimits(max_bytes=1000))
    os.mkfifo(root / "pipe.wav")
    opened = []
    monkeypatch.setattr("pathlib.Path.open", lambda path, *_: opened.append(path))
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: opened.append(path))
    for path, fault in (
        ("/dev/zero", "a device"),
        (root / "pipe.wav", "a pipe"),
        (root, "a folder"),
        (root / "deep" / "a.wav", "larger than 1000 bytes"),
    ):
        with pytest.raises(SourceError, match=fault):
            read_in(None, str(path), "0" * 64)
    assert opened == []


def test_a_voice_that_cannot_be_used_fails_its_rows(root):
    (row,) = read(root, "deep/a.wav", unusable={"anna": PromptError("The recording of voice anna is silent")})
    assert (row["error_kind"], "silent" in row["error"]) == ("prompt", True)


def sides(*channels):
    return read_source(encoded(np.stack(channels, axis=1), codec="FLOAT"), None, None)


def test_one_side_opposite_sides_and_a_surround_centre_are_as_loud_as_the_voice_alone():
    voice, hiss = noise()[:, 0], 1e-3 * noise(channels=6)
    silence = np.zeros_like(voice)
    around = hiss.copy()
    around[:, 2] += voice
    for opened, flags in (
        (sides(voice, silence), ()),
        (sides(voice, voice), ()),
        (sides(voice, -voice), ("opposite_channels",)),
        (sides(*around.T), ()),
    ):
        np.testing.assert_allclose(opened.waveform.samples, voice, atol=1e-3)
        assert opened.flags == flags


def test_two_speakers_on_two_sides_both_keep_their_level():
    voice, silence = noise(2.0)[:, 0], np.zeros(16_000, np.float32)
    left, right = np.r_[voice[:16_000], silence], np.r_[silence, voice[16_000:]]
    np.testing.assert_allclose(sides(left, right).waveform.samples, voice, atol=1e-5)


def test_a_clipped_recording_is_flagged():
    loud = encoded(np.clip(20 * noise(), -1, 1))
    assert read_source(loud, None, None).flags == ("source_clipped",)
    assert stream_source(loud, None, None).flags == ("source_clipped",)
    assert read_source(encoded(noise()), None, None).flags == ()


def test_a_constant_offset_is_not_sound():
    with pytest.raises(SourceError, match="silent"):
        open_source(encoded(0 * noise() + 0.3), None, None)


def test_a_rate_that_flac_cannot_store_fails_its_row(root):
    (row,) = read(root, encoded(noise(), 65_537))
    assert "cannot be stored" in row["error"]


def test_stereo_is_read_as_the_mean_of_its_channels():
    both = noise(channels=2)
    sound = open_source(encoded(both, codec="FLOAT"), None, None)
    np.testing.assert_allclose(sound.samples, both.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (encoded(noise())[:9_000], "truncated"),
        (encoded(noise(), container="AIFF")[:9_000], "truncated"),
        (encoded(noise(3.0), container="MP3", codec="MPEG_LAYER_III")[:9_000], "truncated"),
        (encoded(noise(), container="FLAC")[:9_000], "truncated"),
        (encoded(0 * noise()), "silent"),
        (encoded(noise() * np.nan, codec="FLOAT"), "not finite"),
        (encoded(noise(0.02)), "too short"),
        (encoded(noise()[:0]), "no sound"),
        (b"", "not a readable audio file"),
    ],
)
def test_what_decoding_shows_is_an_error_of_the_source(content, fault):
    with pytest.raises(SourceError, match=fault):
        open_source(content, None, None)


def test_a_stream_that_did_not_know_its_length_is_not_cut_off():
    content = bytearray(encoded(noise()))
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    assert open_source(bytes(content), None, None).n_samples == 16_000


def test_a_recording_that_changed_since_the_plan_is_refused(root):
    (row,) = read(root, "deep/a.wav")
    (root / "deep" / "a.wav").write_bytes(encoded(noise(2.0)))
    with pytest.raises(SourceError, match="has changed"):
        open_source(None, row["source"]["path"], row["source_sha256"])


def test_a_stream_holds_what_the_whole_holds(root, monkeypatch):
    monkeypatch.setattr("hierbatch.audio.decoding.BLOCK_SAMPLES", 700)
    path = root / "two.flac"
    path.write_bytes(encoded(noise(0.5, 22_050, channels=2), 22_050, "FLAC"))
    for content, where in ((None, str(path)), (path.read_bytes(), None)):
        whole, stream = open_source(content, where, None), stream_source(content, where, None)
        assert (stream.rate_hz, stream.n_samples) == (22_050, whole.n_samples)
        blocks = list(stream.blocks())
        assert len(blocks) == 16
        np.testing.assert_array_equal(np.concatenate(blocks), whole.samples)


def test_what_a_whole_is_refused_for_a_stream_is_too(root):
    path = root / "a.wav"
    refused = {
        "truncated": encoded(noise())[:-5_000],
        "silent": encoded(np.zeros(16_000)),
        "too short": encoded(noise(0.05)),
        "not finite": encoded(np.append(noise()[:, 0], np.nan), codec="FLOAT"),
        "not a readable audio file": b"no sound at all",
    }
    for words, content in refused.items():
        path.write_bytes(content)
        for read_in in (open_source, stream_source):
            with pytest.raises(SourceError, match=words):
                read_in(None, str(path), None)
    path.write_bytes(encoded(noise()))
    with pytest.raises(SourceError, match="changed since"):
        stream_source(None, str(path), "0" * 64)
    with pytest.raises(SourceError, match="Cannot read"):
        stream_source(None, str(root / "none.wav"), None)


def test_a_file_that_is_written_to_while_it_streams_is_reported(root):
    path = root / "a.wav"
    path.write_bytes(encoded(noise()))
    blocks = stream_source(None, str(path), None).blocks()
    next(blocks)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(SourceError, match="changed since"):
        list(blocks)

import pytest

from hierbatch.audio.mp3_frames import read_mp3_frames
from hierbatch.programs import ffmpeg_program, run_program


def mp3(path, *arguments, rate_hz=44_100):
    tone = f"sine=frequency=300:sample_rate={rate_hz}:duration=3"
    run_program([ffmpeg_program(), "-loglevel", "error", "-f", "lavfi", "-i", tone, *arguments, str(path)])
    return path


@pytest.mark.parametrize("kbps", [64, 192, 320])
def test_a_constant_bit_rate_is_one_number(tmp_path, kbps):
    frames = read_mp3_frames(mp3(tmp_path / "a.mp3", "-b:a", f"{kbps}k"))
    assert frames.kbps == {kbps}
    assert frames.rates_hz == {44_100}
    assert frames.n_frames == pytest.approx(3 * 44_100 / 1152, abs=4)


def test_a_variable_one_is_several(tmp_path):
    assert len(read_mp3_frames(mp3(tmp_path / "a.mp3", "-q:a", "2")).kbps) > 1


def test_low_rates_have_shorter_frames(tmp_path):
    frames = read_mp3_frames(mp3(tmp_path / "a.mp3", "-b:a", "64k", rate_hz=22_050))
    assert (frames.kbps, frames.rates_hz) == ({64}, {22_050})
    assert frames.n_frames == pytest.approx(3 * 22_050 / 576, abs=4)


def test_tags_are_stepped_over(tmp_path):
    path = mp3(tmp_path / "a.mp3", "-b:a", "128k", "-metadata", "title=" + "t" * 5_000)
    assert path.read_bytes().startswith(b"ID3")
    path.write_bytes(path.read_bytes() + b"TAG" + bytes(125))
    assert read_mp3_frames(path).kbps == {128}


@pytest.mark.parametrize("content", [b"", b"\xff", b"not an mp3 at all", bytes(1000), b"ID3"])
def test_what_is_no_mp3_has_no_frames(tmp_path, content):
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert read_mp3_frames(path).n_frames == 0

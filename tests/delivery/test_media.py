import numpy as np
import pytest
import soundfile

from hierbatch.delivery.media import count_samples, extract_sound, replace_sound
from hierbatch.errors import SourceError
from hierbatch.programs import ffmpeg_program, run_program
from tests.films import film_file


def packets(path):
    """Hash of the video stream's own bytes."""
    return run_program(
        [ffmpeg_program(), "-v", "error", "-i", str(path), "-map", "0:v", "-c", "copy", "-f", "md5", "-"]
    )


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_a_film_keeps_its_pictures_and_gets_a_sound_of_the_same_length(tmp_path, suffix):
    film = film_file(tmp_path, f"film{suffix}")
    extract_sound(film, tmp_path / "sound.flac")
    samples, rate_hz = soundfile.read(tmp_path / "sound.flac", dtype="float32")
    soundfile.write(tmp_path / "new.flac", -samples, rate_hz)
    dubbed = tmp_path / f"dubbed{suffix}"
    replace_sound(film, tmp_path / "new.flac", dubbed)
    assert packets(dubbed) == packets(film)
    assert count_samples(dubbed) == len(samples)
    extract_sound(dubbed, tmp_path / "again.flac")
    again = soundfile.read(tmp_path / "again.flac", dtype="float32")[0]
    assert len(again) == len(samples)
    assert np.corrcoef(again, samples)[0, 1] < -0.95  # the new sound, in time with the old


def test_a_film_without_sound_and_a_file_that_is_none_are_told_apart(tmp_path):
    with pytest.raises(SourceError, match=r"mute\.mp4 has no audio"):
        extract_sound(film_file(tmp_path, "mute.mp4", has_sound=False), tmp_path / "a.flac")
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(SourceError, match="cannot be decoded"):
        extract_sound(tmp_path / "text.mp4", tmp_path / "a.flac")
    whole = film_file(tmp_path, "film.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be decoded"):
        extract_sound(tmp_path / "half.mp4", tmp_path / "a.flac")

import numpy as np
import pytest
import soundfile

from hierbatch.delivery.media import count_samples, expected_samples, extract_sound, replace_sound
from hierbatch.delivery.media_info import find_track, read_sound_tracks
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


def test_a_film_without_sound_and_a_file_without_film_are_distinguished(tmp_path):
    with pytest.raises(SourceError, match=r"mute\.mp4 has no audio"):
        extract_sound(film_file(tmp_path, "mute.mp4", has_sound=False), tmp_path / "a.flac")
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(SourceError, match="cannot be decoded"):
        extract_sound(tmp_path / "text.mp4", tmp_path / "a.flac")
    whole = film_file(tmp_path, "film.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be decoded"):
        extract_sound(tmp_path / "half.mp4", tmp_path / "a.flac")


def ffmpeg(*arguments):
    return run_program([ffmpeg_program(), "-v", "error", "-y", *map(str, arguments)])


@pytest.fixture
def two_tracks(tmp_path):
    """A film with an English and a Korean track, and an attached file."""
    film = film_file(tmp_path, "film.mkv")
    (tmp_path / "font.ttf").write_bytes(bytes(3_000))
    made = tmp_path / "two.mkv"
    ffmpeg(
        *("-i", film, "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", "-attach", tmp_path / "font.ttf"),
        *("-metadata:s:t", "mimetype=application/x-truetype-font", "-metadata:s:a:0", "language=eng"),
        *("-metadata:s:a:1", "language=kor", "-metadata:s:a:1", "title=Commentary", "-disposition:a:1", "comment"),
        made,
    )
    return made


def test_a_track_is_found_by_number_and_by_language(two_tracks):
    assert [track.language for track in read_sound_tracks(two_tracks)] == ["eng", "kor"]
    assert [find_track(two_tracks, wanted)[0] for wanted in ("", "1", "2", "eng", "kor")] == [0, 0, 1, 0, 1]
    with pytest.raises(SourceError, match=r"two\.mkv has no such sound track.*1 \(eng\), 2 \(kor\).*fra"):
        find_track(two_tracks, "fra")


def test_the_new_track_keeps_language_title_and_disposition_and_the_film_its_attachments(two_tracks, tmp_path):
    extract_sound(two_tracks, tmp_path / "sound.flac", "kor")
    replace_sound(two_tracks, tmp_path / "sound.flac", tmp_path / "dubbed.mkv", "kor")
    (track,) = read_sound_tracks(tmp_path / "dubbed.mkv")
    assert (track.language, track.title, track.dispositions) == ("kor", "Commentary", ("comment",))
    ffmpeg("-dump_attachment:t:0", tmp_path / "again.ttf", "-i", tmp_path / "dubbed.mkv", "-f", "null", "-")
    assert (tmp_path / "again.ttf").read_bytes() == bytes(3_000)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_a_film_container_with_sound_alone_gets_its_new_sound(tmp_path, suffix):
    film = film_file(tmp_path, f"film{suffix}")
    ffmpeg("-i", film, "-vn", "-c", "copy", tmp_path / f"sound{suffix}")
    extract_sound(tmp_path / f"sound{suffix}", tmp_path / "sound.flac")
    replace_sound(tmp_path / f"sound{suffix}", tmp_path / "sound.flac", tmp_path / f"dubbed{suffix}")
    assert count_samples(tmp_path / f"dubbed{suffix}") == soundfile.info(tmp_path / "sound.flac").frames


def test_surround_in_webm_is_written(tmp_path):
    film = film_file(tmp_path, "film.webm")
    extract_sound(film, tmp_path / "mono.flac")
    samples, rate_hz = soundfile.read(tmp_path / "mono.flac")
    soundfile.write(tmp_path / "six.flac", samples[:, None].repeat(6, axis=1), rate_hz)
    replace_sound(film, tmp_path / "six.flac", tmp_path / "dubbed.webm")
    extract_sound(tmp_path / "dubbed.webm", tmp_path / "again.flac")
    assert soundfile.info(tmp_path / "again.flac").channels == 6


def test_a_24_bit_track_is_extracted_with_its_bits(tmp_path):
    samples = 0.1 * np.random.default_rng(0).standard_normal((4_800, 1))
    soundfile.write(tmp_path / "a.wav", samples, 48_000, subtype="PCM_24")
    ffmpeg("-i", tmp_path / "a.wav", "-c:a", "flac", tmp_path / "a.mkv")
    extract_sound(tmp_path / "a.mkv", tmp_path / "a.flac")
    before, after = (soundfile.read(tmp_path / name, dtype="int32")[0] for name in ("a.wav", "a.flac"))
    assert (before & 0xFFFF).any()
    assert np.array_equal(after, before)


@pytest.mark.parametrize("start_s", [1_000, 2_000_000])
def test_damaged_time_stamps_fail_before_any_work(tmp_path, start_s):
    film = film_file(tmp_path, "film.mkv")
    ffmpeg(
        "-i", film, "-itsoffset", start_s, "-i", film, "-map", "0:v", "-map", "1:a", "-c", "copy", tmp_path / "a.mkv"
    )
    with pytest.raises(SourceError, match="damaged time stamps"):
        extract_sound(tmp_path / "a.mkv", tmp_path / "a.flac")
    assert not (tmp_path / "a.flac").exists()


def test_the_expected_length_is_that_of_the_packets_if_a_decoder_lost_sound(tmp_path):
    film = film_file(tmp_path, "film.mp4")
    assert expected_samples(film, "", 48_000, 72_000) == 72_000
    assert expected_samples(film, "", 48_000, 20_000) == pytest.approx(72_000, abs=3_000)
    soundfile.write(tmp_path / "a.wav", np.zeros(16_001), 16_000)
    assert expected_samples(tmp_path / "a.wav", "", 16_000, 16_000) == 16_001

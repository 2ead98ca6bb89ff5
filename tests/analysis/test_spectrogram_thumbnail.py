import io

import numpy as np
import pytest
from matplotlib.image import imread

from hierbatch.analysis.spectrogram_thumbnail import spectrogram_db, spectrogram_png
from hierbatch.audio.waveform import Waveform


def tone(frequency_hz, duration_s=1.0, rate_hz=16_000):
    return Waveform(np.sin(2 * np.pi * frequency_hz * np.arange(int(duration_s * rate_hz)) / rate_hz), rate_hz)


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
@pytest.mark.parametrize("frequency_hz", [500, 3000, 7000])
def test_a_tone_is_a_line_at_its_height_whatever_the_rate(frequency_hz, rate_hz):
    level_db = spectrogram_db(tone(frequency_hz, rate_hz=rate_hz))
    middle = level_db[:, level_db.shape[1] // 2]
    assert middle.argmax() == pytest.approx(64 * frequency_hz / 8000, abs=1.5)
    assert middle.max() > -6
    assert np.median(middle) < -50


def test_silence_is_seen_where_it_is():
    sound = tone(1000)
    sound.samples[8000:] = 0
    level_db = spectrogram_db(sound)
    n_columns = level_db.shape[1]
    assert level_db[:, : n_columns // 3].max() > -6
    assert level_db[:, 2 * n_columns // 3 :].max() == -70


@pytest.mark.parametrize("duration_s", [0.001, 0.5, 60.0])
def test_the_picture_stays_a_thumbnail(duration_s):
    picture = imread(io.BytesIO(spectrogram_png(tone(440, duration_s))), format="png")
    assert picture.shape[0] == 64
    assert 1 <= picture.shape[1] <= 320

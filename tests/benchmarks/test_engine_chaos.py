import io

import numpy as np
import pytest
import soundfile

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


def test_ancestors_end_where_nobody_is_known():
    ancestors = load_script(SCRIPT).ancestors
    assert ancestors(7, {7: 5, 5: 2, 2: 0, 9: 2}) == {7, 5, 2}
    assert ancestors(7, {7: 7}) == {7}

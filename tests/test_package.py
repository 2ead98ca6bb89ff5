import subprocess
import sys

import pytest

import hierbatch


def test_the_package_is_imported_without_a_library_and_its_names_on_demand():
    code = "import sys, hierbatch; heavy = {'numpy', 'pandas', 'pyarrow', 'torch', 'matplotlib'}; "
    code += (
        "assert not heavy & set(sys.modules); hierbatch.open_run, hierbatch.compare; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_all_public_names_are_there_and_no_others():
    names = {name: getattr(hierbatch, name).__name__ for name in hierbatch.__all__}
    assert names == {name: name for name in hierbatch.__all__} | {
        "figures": "hierbatch.analysis.figures",
        "voices": "hierbatch.api.voices",
    }
    assert {"load", "open_run", "compare", "Sound"} <= set(hierbatch.__all__) <= set(dir(hierbatch))
    with pytest.raises(AttributeError, match="sing"):
        _ = hierbatch.sing

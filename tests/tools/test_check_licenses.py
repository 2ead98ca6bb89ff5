from tools.check_licenses import unlisted


def test_a_conditional_license_has_to_be_on_the_page():
    licenses = {
        "phonemizer": "GPLv3+",
        "numpy": "BSD",
        "new-thing": "GNU General Public License",
        "nvidia-nccl": "NVIDIA",
    }
    assert unlisted(licenses, "| `phonemizer` | GPL |") == {"new-thing": "GNU General Public License"}
    assert unlisted(licenses, "`phonemizer` and `New_Thing`") == {}

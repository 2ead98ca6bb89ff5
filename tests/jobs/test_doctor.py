from hierbatch.jobs.doctor import check_installation


def test_present_components_are_found_and_missing_ones_reported_with_a_fix(tmp_path):
    findings = {finding.part.split()[0]: finding for finding in check_installation(str(tmp_path / "no-bundle"))}
    for part in ("torch", "pyarrow", "soundfile", "ffmpeg", "English", "Korean", "noise"):
        assert findings[part].is_ok, findings[part]
    assert "h ə l ˈoʊ" in findings["English"].found
    assert not findings["model"].is_ok
    assert findings["model"].fix


def test_a_broken_part_does_not_keep_the_others_from_being_examined(monkeypatch):
    def broken():
        raise OSError("libsndfile not found")

    monkeypatch.setattr("hierbatch.jobs.doctor._soundfile", broken)
    findings = {finding.part: finding for finding in check_installation()}
    assert not findings["soundfile"].is_ok
    assert "libsndfile not found" in findings["soundfile"].found
    assert findings["pyarrow"].is_ok

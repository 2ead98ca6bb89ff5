from hierbatch.cli.licenses import tell_model_licenses
from hierbatch.models.bundle_writing import write_bundle_parts


def test_a_licence_without_commercial_use_is_said_where_the_model_is_used(tmp_path, capsys):
    about = {"source": "x", "source_sha256": "", "published": ""}
    parts = [{"name": "a", "license": "MIT", **about}, {"name": "b", "license": "CC-BY-NC-4.0", **about}]
    page = {
        "name": "m", "kind": "official", "languages": [], "rate_hz": 16_000, "license": "MIT; CC-BY-NC-4.0",
        "config": {}, "synthesis": {},
    }  # fmt: skip
    write_bundle_parts(tmp_path / "m", {"a": {}, "b": {}}, parts, page)
    tell_model_licenses(str(tmp_path / "m"))
    assert capsys.readouterr().out == "Not for commercial use: CC-BY-NC-4.0\n"
    tell_model_licenses("lite")
    tell_model_licenses(str(tmp_path / "none"))
    assert capsys.readouterr().out == ""

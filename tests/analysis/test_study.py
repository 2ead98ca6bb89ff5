import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hierbatch
from hierbatch.analysis.study import RunStudy
from hierbatch.audio.files import read_sound
from hierbatch.errors import InputError, ProgramError, RunError
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.takes.takes import Takes
from tests.delivery.book_run import book_rows, sentence, write_run
from tests.tiny_runs import FIRST


@pytest.fixture(scope="module")
def run() -> RunStudy:
    return hierbatch.open_run(FIRST)


def test_a_table_has_the_rows_of_the_manifest_in_its_order(run):
    asked = (FIRST.parent / "sentences.csv").read_text(encoding="utf-8").splitlines()[1:]
    table = run.table(["id", "text", "duration_s"])
    assert list(table.columns) == ["id", "text", "duration_s"]
    assert [f"{row.id},{row.text}" for row in table.itertuples()] == [line.rsplit(",", 2)[0] for line in asked]
    assert (len(run), run.n_rows) == (len(asked), len(asked))


def test_without_names_a_table_has_all_columns_but_sound_and_timings(run):
    assert set(run.columns) - set(run.table().columns) == {"audio", "timings", "word_distances"}


def test_a_column_no_one_has_is_reported_with_those_there_are(run):
    with pytest.raises(InputError, match=r"no column beauty.*duration_s"):
        run.table(["id", "beauty"])


def test_sql_agrees_with_the_table(run):
    found = run.sql("SELECT voice, count(*) AS n, sum(duration_s) AS s FROM takes WHERE status = 'ok' GROUP BY voice")
    table = run.table(["voice", "status", "duration_s"])
    wanted = table[table["status"] == "ok"].groupby("voice")["duration_s"].agg(["size", "sum"])
    assert {row.voice: row.n for row in found.itertuples()} == wanted["size"].to_dict()
    assert {row.voice: row.s for row in found.itertuples()} == pytest.approx(wanted["sum"].to_dict())


def test_sql_joins_the_voices_and_reads_words_and_sound_only_where_they_are_named(run):
    assert "audio" not in run.sql("SELECT * FROM takes").columns
    assert set(run.sql("SELECT DISTINCT license FROM takes JOIN voices USING (voice)")["license"]) == {"CC BY 4.0"}
    found = run.sql("SELECT id, audio.bytes AS content FROM takes WHERE id = 'bell-low'")
    assert bytes(found["content"][0]) == run.audio("bell-low").content
    found = run.sql("SELECT word.text AS word FROM (SELECT unnest(timings) AS word FROM takes WHERE id = 'bell-low')")
    assert list(found["word"])[:3] == ["The", "bell", "rang"]


def test_sql_knows_what_rejected_the_rows_of_a_corpus(tmp_path):
    folder = write_run(tmp_path / "r", book_rows(1, 2))
    rows = pa.table({"id": ["c1s0", "c1s1"], "rejected_by": [[], ["too_long"]]})
    RunLayout(folder).corpus_rows.parent.mkdir()
    pq.write_table(rows, RunLayout(folder).corpus_rows)
    found = hierbatch.open_run(folder).sql(
        "SELECT text FROM takes JOIN corpus USING (id) WHERE list_contains(rejected_by, 'too_long')"
    )
    assert list(found["text"]) == ["Sentence number 1 of it."]


def test_a_query_that_is_none_is_the_users_mistake(run):
    with pytest.raises(InputError, match=r"cannot be run.*beauty"):
        run.sql("SELECT beauty FROM takes")


def test_without_duckdb_the_pip_line_is_reported(run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(ProgramError, match=r"duckdb is missing.*pip install 'hierbatch\[study\]'"):
        run.sql("SELECT 1")


def test_audio_is_the_rows_sound_and_plays_itself(run):
    sound = run.audio("rain-low")
    row = run.table(["id", "n_samples", "sample_rate_hz"]).set_index("id").loc["rain-low"]
    assert (len(sound.samples), sound.rate_hz) == (row["n_samples"], row["sample_rate_hz"])
    assert sound.content == Takes(FIRST).sounds(["rain-low"])["rain-low"]
    assert '<audio controls src="data:audio/flac;base64,' in sound._repr_html_()


@pytest.mark.parametrize(("row_id", "words"), [("stars", "a failed row"), ("moon", "an unknown id")])
def test_a_row_without_sound_is_reported(run, row_id, words):
    with pytest.raises(InputError, match=words):
        run.audio(row_id)


def test_a_player_holds_the_beginning_of_the_same_sound(run):
    import base64

    sound = run.audio("train-seoul")
    content = base64.b64decode(sound.player_source(max_duration_s=1.0).partition(",")[2])
    heard = read_sound(content)
    assert heard.duration_s == pytest.approx(1.0, abs=0.08)  # MP3 frames of 36 ms
    n_samples = min(heard.n_samples, sound.rate_hz)
    assert np.corrcoef(heard.samples[:n_samples], sound.samples[:n_samples])[0, 1] > 0.95


def test_rows_are_shown_with_player_picture_text_and_flags(run):
    html = run.show(["train-seoul", "stars"])._repr_html_()
    assert html.count("<audio") == html.count("<img") == 1
    assert html.index("train-seoul") < html.index("stars")
    assert "기차는 아홉 시에 떠납니다" in html
    assert "There is nothing to say" in html


def test_rows_may_be_a_table_ids_one_id_or_a_number(run):
    table = run.table(["id"]).tail(2)
    shown = [run.show(rows) for rows in (table, table["id"], list(table["id"]), "hello-seoul", 3)]
    assert [len(rows) for rows in shown] == [2, 2, 2, 1, 3]
    with pytest.raises(InputError, match="`id` column"):
        run.show(run.table(["voice"]))


def test_what_a_row_says_cannot_break_the_page(tmp_path):
    rows = [sentence(1, 0, text_norm="<script>alert(1)</script>", flags=["<b>"])]
    html = hierbatch.open_run(write_run(tmp_path / "r", rows)).show(1)._repr_html_()
    assert not re.search(r"<script|<b>", html)
    assert "&lt;script&gt;" in html


def test_outliers_are_the_rows_furthest_from_the_middle(tmp_path):
    lengths_s = [1.0, 1.1, 0.9, 1.0, 1.05, 3.0, 0.95, 0.2]
    rows = [
        sentence(1, sentence_index, duration_s=length_s, lead_s=0.01, trail_s=0.01)
        for sentence_index, length_s in enumerate(lengths_s)
    ]
    found = hierbatch.open_run(write_run(tmp_path / "r", rows)).outliers("duration_s", 2)
    assert list(found["id"]) == ["c1s5", "c1s7"]
    assert found["deviation"].iloc[0] > 0 > found["deviation"].iloc[1]
    # The median is 1.0 and the median absolute deviation 0.075: that is the definition, worked by hand.
    assert found["deviation"].iloc[0] == pytest.approx(2.0 / (1.4826 * 0.075))


def test_outliers_of_a_voice_are_measured_against_that_voice(run):
    table = run.table(["id", "voice", "f0_median_hz"]).dropna()
    found = run.outliers("f0_median_hz", 1, by="voice").iloc[0]
    medians = table.groupby("voice")["f0_median_hz"].transform("median")
    away = (table["f0_median_hz"] - medians)[table["id"] == found["id"]].iloc[0]
    deviations = (table["f0_median_hz"] - medians).abs()
    spread = deviations.groupby(table["voice"]).transform("median")
    assert found["id"] == table["id"][(deviations / spread).idxmax()]
    assert np.sign(away) == np.sign(found["deviation"])


def test_outliers_need_a_number(run):
    with pytest.raises(InputError, match="is not numeric"):
        run.outliers("text_norm")


def test_a_folder_without_a_run_is_reported(tmp_path):
    with pytest.raises(RunError, match="no plan"):
        hierbatch.open_run(tmp_path)


def test_a_run_without_a_voices_table_can_be_studied(tmp_path):
    run = hierbatch.open_run(write_run(tmp_path / "r", book_rows(1, 2)))
    assert len(run.voices) == 0
    assert len(run.sql("SELECT * FROM takes LEFT JOIN voices USING (voice)")) == 2

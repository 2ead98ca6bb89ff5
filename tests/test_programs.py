import sys
import threading
import time

import pytest

from hierbatch.errors import ProgramError, StorageError
from hierbatch.programs import feed_program, ffmpeg_program, run_program, stream_program


def python(script):
    return [sys.executable, "-c", script]


def test_ffmpeg_is_here_and_has_our_encoders():
    listed = run_program([ffmpeg_program(), "-hide_banner", "-encoders"]).decode()
    assert all(f" {name} " in listed for name in ("aac", "libmp3lame", "flac", "libopus"))


def test_gives_what_a_program_prints():
    assert run_program(python("print('안녕')")).decode().strip() == "안녕"


def test_streams_more_than_a_pipe_holds():
    blocks = list(stream_program(python("import sys; sys.stdout.buffer.write(b'x' * 3_000_000)")))
    assert sum(map(len, blocks)) == 3_000_000
    assert len(blocks) > 1


def test_feeds_more_than_a_pipe_holds(tmp_path):
    target = tmp_path / "copy"
    with feed_program(python(f"import sys; open({str(target)!r}, 'wb').write(sys.stdin.buffer.read())")) as feed:
        for _ in range(30):
            feed(b"y" * 100_000)
    assert target.stat().st_size == 3_000_000


def test_loud_complaints_do_not_stall_a_program():
    script = "import sys; sys.stderr.write('e' * 1_000_000); print(len(sys.stdin.read()))"
    with feed_program(python(script)) as feed:
        feed(b"z" * 1_000_000)


def feed_until_it_fails(script):
    with feed_program(python(script)) as feed:
        while True:
            feed(b"x" * 100_000)


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("raise SystemExit('codec on fire')", ProgramError, "codec on fire"),
        ("raise SystemExit(7)", ProgramError, "exit status 7"),
        ("raise SystemExit('av_write: No space left on device')", StorageError, "disk is full"),
    ],
)
def test_failure_is_reported_in_the_programs_own_words(script, kind, words):
    with pytest.raises(kind, match=words):
        run_program(python(script))
    with pytest.raises(kind, match=words):
        feed_until_it_fails(script)


def test_a_missing_program_is_reported():
    with pytest.raises(ProgramError, match="Cannot start no-such-program"):
        run_program(["/nowhere/no-such-program"])


def test_a_hanging_program_is_ended():
    started = time.monotonic()
    with pytest.raises(ProgramError, match=r"did not finish.*within 0.3 s"):
        run_program(python("import time; time.sleep(60)"), timeout_s=0.3)
    assert time.monotonic() - started < 10


def test_an_error_in_the_block_ends_the_program_and_nothing_stays_behind():
    before = set(threading.enumerate())
    with pytest.raises(KeyError), feed_program(python("import time; time.sleep(60)")):
        raise KeyError
    assert set(threading.enumerate()) <= before


def test_a_reader_that_stops_early_ends_the_program():
    stream = stream_program(python("print('a' * 10_000_000)"))
    next(stream)
    stream.close()


def test_arguments_are_never_a_shells():
    hostile = "$(touch /tmp/hierbatch-shell); `id` ; rm -rf ~"
    got = run_program([*python("import sys; print(sys.argv[1])"), hostile]).decode().strip()
    assert got == hostile

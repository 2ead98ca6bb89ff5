import errno
import os
from pathlib import Path

import pytest

from hierbatch.errors import InputError, StorageError
from hierbatch.storage import read_regular_file, replace_file, staging_folder, storage_error, write_atomically


def test_what_is_written_whole_replaces_what_was_there(tmp_path):
    path = tmp_path / "new" / "file.txt"
    for text in ("one", "two"):
        with write_atomically(path) as aside:
            aside.write_text(text)
            assert not path.exists() or path.read_text() != text
        assert path.read_text() == text
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def write_half(path):
    path.write_text("half")
    raise KeyError


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("before")
    with pytest.raises(KeyError), write_atomically(path) as aside:
        write_half(aside)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO])
def test_disk_trouble_is_a_storage_error(tmp_path, number):
    with pytest.raises(StorageError, match="free some disk space"), write_atomically(tmp_path / "x"):
        raise OSError(number, "disk trouble")
    assert not list(tmp_path.iterdir())


def test_an_impossible_path_is_an_input_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write"), staging_folder(tmp_path / "file"):
        pass
    assert isinstance(storage_error(PermissionError(errno.EACCES, "Permission denied"), tmp_path), InputError)


def test_a_real_full_disk_is_a_storage_error():
    # /dev/full takes nothing and says so as a full disk does.
    with pytest.raises(OSError, match="No space left") as caught:
        Path("/dev/full").write_bytes(b"x")
    assert isinstance(storage_error(caught.value, Path("/dev/full")), StorageError)


def test_a_file_is_read_up_to_its_bound_and_not_beyond(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular_file(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        read_regular_file(path, 4)


def test_a_file_that_has_more_than_its_size_says_is_not_read_on():
    # The kernel's own files say that they are empty.
    with pytest.raises(OSError, match="grew"):
        read_regular_file(Path("/proc/self/status"), 1 << 20)


def test_a_pipe_is_refused_and_kept(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(InputError, match="device, pipe or socket"), write_atomically(pipe):
        pytest.fail("the block must not run")
    (tmp_path / "new").write_text("x")
    with pytest.raises(InputError, match="device, pipe or socket"):
        replace_file(tmp_path / "new", pipe)

    assert pipe.is_fifo()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["new", "pipe"]

"""Corpus formats: the writer interface, and the table of all writers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, Self

from hierbatch.delivery.corpora.huggingface import HuggingFaceWriter
from hierbatch.delivery.corpora.lhotse import LhotseWriter
from hierbatch.delivery.corpora.ljspeech import LJSpeechWriter
from hierbatch.delivery.corpora.nemo import NemoWriter
from hierbatch.delivery.corpora.utterances import CorpusUtterance
from hierbatch.delivery.corpora.webdataset import WebDatasetWriter


class CorpusWriter(Protocol):
    """Protocol for a streaming writer, which buffers few utterances; its files are complete when the context exits."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def add(self, utterance: CorpusUtterance) -> None:
        """Write one utterance; raises OSError."""


WRITERS: Mapping[str, Callable[[Path], CorpusWriter]] = {
    "hf": HuggingFaceWriter,
    "lhotse": LhotseWriter,
    "webdataset": WebDatasetWriter,
    "ljspeech": LJSpeechWriter,
    "nemo": NemoWriter,
}
"""Writers by format name; the argument is the path of an empty folder."""

LAYOUTS: Mapping[str, str] = {
    "hf": (
        "`data/SPLIT-*.parquet`, one row per utterance, with the Audio feature. With the packages `datasets` and "
        "`soundfile`:\n\n"
        "    import io\n"
        "    import soundfile\n"
        "    from datasets import Audio, load_dataset\n\n"
        '    corpus = load_dataset("PATH OF THIS FOLDER").cast_column("audio", Audio(decode=False))\n'
        '    row = corpus["SPLIT"][0]\n'
        '    samples, rate_hz = soundfile.read(io.BytesIO(row["audio"]["bytes"]))\n\n'
        'Without `cast_column`, `corpus["SPLIT"][0]["audio"]` is decoded by the package `torchcodec`, which needs the '
        "shared libraries of FFmpeg on the system (`pip install 'hierbatch[hf]'`, and for example `apt install "
        "ffmpeg`):\n\n"
        '    samples = load_dataset("PATH OF THIS FOLDER")["SPLIT"][0]["audio"].get_all_samples()\n'
    ),
    "lhotse": (
        "`cuts_SPLIT.jsonl.gz` (with their recordings and supervisions) next to `audio/`; paths are relative to this "
        "folder. Supervisions include word alignments; provenance and measures are custom fields.\n\n"
        "    from lhotse import CutSet\n"
        '    cuts = CutSet.from_file("DIR/cuts_train.jsonl.gz").with_recording_path_prefix("DIR")\n'
    ),
    "webdataset": (
        "`SPLIT-NNNNNN.tar` of at most 1000 utterances: `ID.flac`, `ID.txt` and `ID.json` with all metadata.\n\n"
        "    import webdataset\n"
        '    corpus = webdataset.WebDataset("DIR/train-000000.tar", shardshuffle=False)\n'
    ),
    "ljspeech": (
        "`wavs/ID.wav` and `metadata.csv` of `ID|text|normalized text`; `metadata_SPLIT.csv` the same per split, "
        "`provenance.csv` with speaker, consent, license and synthetic flag of each row.\n"
    ),
    "nemo": (
        "`SPLIT_manifest.json`, one line of JSON per utterance (`audio_filepath` relative to the manifest, "
        "`duration`, `text`, `normalized_text`, `speaker`, ...), `speakers.json`, `audio/`.\n"
    ),
}
"""Description of each format's files and of how to open them, for the dataset card."""

"""What every format's writer is, and the formats there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, Self

from hierbatch.export.corpora.huggingface import HuggingFaceWriter
from hierbatch.export.corpora.lhotse import LhotseWriter
from hierbatch.export.corpora.ljspeech import LJSpeechWriter
from hierbatch.export.corpora.nemo import NemoWriter
from hierbatch.export.corpora.utterances import CorpusUtterance
from hierbatch.export.corpora.webdataset import WebDatasetWriter


class CorpusWriter(Protocol):
    """Takes utterances one after the other and holds no more than a few; files are whole after the block it opens."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *problem: object) -> None: ...

    def add(self, utterance: CorpusUtterance) -> None:
        """Raises OSError."""


WRITERS: Mapping[str, Callable[[Path], CorpusWriter]] = {
    "hf": HuggingFaceWriter,
    "lhotse": LhotseWriter,
    "webdataset": WebDatasetWriter,
    "ljspeech": LJSpeechWriter,
    "nemo": NemoWriter,
}
"""Writers by the name of their format, each made with an empty folder."""

LAYOUTS: Mapping[str, str] = {
    "hf": (
        "`data/SPLIT-*.parquet`, a row an utterance, with the Audio feature.\n\n"
        '    from datasets import load_dataset\n    corpus = load_dataset("PATH OF THIS FOLDER")\n'
    ),
    "lhotse": (
        "`cuts_SPLIT.jsonl.gz` (and the recordings and supervisions they are made of) beside `audio/`; paths are "
        "relative to this folder. Words are aligned; provenance and measures are custom fields.\n\n"
        "    from lhotse import CutSet\n"
        '    cuts = CutSet.from_file("DIR/cuts_train.jsonl.gz").with_recording_path_prefix("DIR")\n'
    ),
    "webdataset": (
        "`SPLIT-NNNNNN.tar` of at most 1000 utterances: `ID.flac`, `ID.txt` and `ID.json` with everything known.\n\n"
        "    import webdataset\n"
        '    corpus = webdataset.WebDataset("DIR/train-000000.tar", shardshuffle=False)\n'
    ),
    "ljspeech": (
        "`wavs/ID.wav` and `metadata.csv` of `ID|text|normalized text`; `metadata_SPLIT.csv` the same for each split, "
        "`provenance.csv` with speaker, consent, licence and the synthetic mark of each.\n"
    ),
    "nemo": (
        "`SPLIT_manifest.json`, a line of JSON an utterance (`audio_filepath` relative to the manifest, `duration`, "
        "`text`, `normalized_text`, `speaker`, ...), `speakers.json`, `audio/`.\n"
    ),
}
"""What lies in an export and how it is opened, for its page."""

"""Table of the networks that can be imported: name, loader, published files, license.

Published files are identified by hash, other checkpoints by matching tensor names against each network's name table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn

from hierbatch.errors import BundleError
from hierbatch.models.catalog.network_page import NetworkPage
from hierbatch.models.hierspeechpp.content_encoder.config import LICENSE as CONTENT_ENCODER_LICENSE
from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig
from hierbatch.models.hierspeechpp.content_encoder.weights import content_encoder_from
from hierbatch.models.hierspeechpp.content_encoder.weights import name_table as content_encoder_names
from hierbatch.models.hierspeechpp.denoiser.weights import denoiser_from
from hierbatch.models.hierspeechpp.denoiser.weights import name_table as denoiser_names
from hierbatch.models.hierspeechpp.files import find_file_by_hash
from hierbatch.models.hierspeechpp.speechsr.weights import name_table as speechsr_names
from hierbatch.models.hierspeechpp.speechsr.weights import speechsr_from
from hierbatch.models.hierspeechpp.synthesizer.weights import name_table as synthesizer_names
from hierbatch.models.hierspeechpp.synthesizer.weights import synthesizer_from
from hierbatch.models.hierspeechpp.text_to_vector.weights import name_table as text_to_vector_names
from hierbatch.models.hierspeechpp.text_to_vector.weights import text_to_vector_from
from hierbatch.models.weights.checkpoint import Checkpoint, NameTable

_MIN_SHARE = 0.5
"""Minimum share of a file's tensor names that must be in a network's name table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportableNetwork:
    """Network whose published weights can be imported."""

    name: str
    purpose: str
    names: Callable[[NetworkPage], NameTable]
    load: Callable[[Checkpoint, NetworkPage], nn.Module]
    files: tuple[str, ...]
    """Published files that contain the network, by their names in `HIERSPEECHPP_FILES`."""
    license: str = "MIT"
    languages: tuple[str, ...] = ()
    """Languages of the text input; empty for a network without one."""


IMPORTABLE_NETWORKS: Mapping[str, ImportableNetwork] = {
    network.name: network
    for network in (
        ImportableNetwork(
            name="ttv",
            purpose="text to semantic vectors and pitch",
            names=lambda _: text_to_vector_names(),
            load=lambda checkpoint, page: text_to_vector_from(checkpoint, page.ttv),
            files=("ttv_lt960",),
            languages=("en",),
        ),
        ImportableNetwork(
            name="denoiser",
            purpose="denoising of voice prompts",
            names=lambda _: denoiser_names(),
            load=lambda checkpoint, _: denoiser_from(checkpoint),
            files=("denoiser",),
        ),
        ImportableNetwork(
            name="synthesizer",
            purpose="semantic vectors, pitch and a voice to 16 kHz audio",
            names=lambda page: synthesizer_names(page.synthesizer),
            load=lambda checkpoint, page: synthesizer_from(checkpoint, page.synthesizer),
            files=("hierspeechpp_v1.1", "hierspeechpp_v1"),
        ),
        ImportableNetwork(
            name="content_encoder",
            purpose="recordings to semantic vectors, for voice conversion",
            names=lambda _: content_encoder_names(ContentEncoderConfig()),
            load=lambda checkpoint, _: content_encoder_from(checkpoint, ContentEncoderConfig()),
            files=(),
            license=CONTENT_ENCODER_LICENSE,
        ),
        ImportableNetwork(
            name="speechsr24k",
            purpose="16 kHz to 24 kHz",
            names=lambda _: speechsr_names(),
            load=lambda checkpoint, page: speechsr_from(checkpoint, page.speechsr24k),
            files=("speechsr24k",),
        ),
        ImportableNetwork(
            name="speechsr48k",
            purpose="16 kHz to 48 kHz",
            names=lambda _: speechsr_names(),
            load=lambda checkpoint, page: speechsr_from(checkpoint, page.speechsr48k),
            files=("speechsr48k",),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class IdentifiedNetwork:
    """Network that a checkpoint contains; `published_name` is empty unless the file is a published one."""

    network: ImportableNetwork
    published_name: str


def find_network(name: str) -> ImportableNetwork:
    """Find an importable network by name; raises BundleError if there is none."""
    if name not in IMPORTABLE_NETWORKS:
        raise BundleError("There is no such network to import", expected=", ".join(IMPORTABLE_NETWORKS), got=repr(name))
    return IMPORTABLE_NETWORKS[name]


def identify_network(checkpoint: Checkpoint, page: NetworkPage = NetworkPage()) -> IdentifiedNetwork | None:  # noqa: B008 - a frozen value
    """Identify the network of a checkpoint; None if no known network matches.

    Args:
        checkpoint: weights under their published names.
        page: hyperparameters of the networks.

    Raises:
        BundleError: the tensor names match several networks equally well, and the path does not show which is meant.
    """
    published_file = find_file_by_hash(checkpoint.sha256)
    if published_file:
        network = next((n for n in IMPORTABLE_NETWORKS.values() if published_file in n.files), None)
        return IdentifiedNetwork(network, published_file) if network else None
    fits = {network.name: _fit(checkpoint, network.names(page)) for network in IMPORTABLE_NETWORKS.values()}
    best = max(fits.values())
    if best[0] < _MIN_SHARE:
        return None
    alike = [name for name, fit in fits.items() if fit == best]
    if len(alike) > 1:
        alike = [name for name in alike if _is_named_in_path(checkpoint.source, name)] or alike
    if len(alike) > 1:
        raise BundleError(
            f"The weights in {checkpoint.source} fit more than one network",
            got=" and ".join(alike),
            fix=f"name the network, as in {alike[0]}={checkpoint.source}",
        )
    return IdentifiedNetwork(IMPORTABLE_NETWORKS[alike[0]], "")


def _fit(checkpoint: Checkpoint, table: NameTable) -> tuple[float, float]:
    """Share of a checkpoint's tensor names that a name table matches, and share of the table's entries that are used.

    The second share decides between two networks if the names of one include all names of the other. The two tensors
    of a weight normalization (`weight_g` and `weight_v`) count as one name.
    """
    names = {re.sub(r"\.weight_[gv]$", ".weight", name) for name in checkpoint.weights}
    entries = [{name for name in names if re.fullmatch(entry.pattern, name)} for entry in table]
    return len(set().union(*entries)) / len(names), sum(map(bool, entries)) / len(entries)


def _is_named_in_path(source: str, name: str) -> bool:
    """True if the file name or its folder contains the rate in the network's name, as 48k in `speechsr48k/G_1.pth`."""
    rate = re.search(r"\d+k$", name)
    return rate is not None and any(rate.group() in part.lower() for part in re.split(r"[\\/]", source)[-2:])

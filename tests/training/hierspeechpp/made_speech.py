"""Prepared speech made in memory: vowels with gliding pitch, pauses and noise, of a few speakers."""

from dataclasses import replace

import numpy as np

from hierbatch.training.prepared import PreparedUtterance

HOP = 320
_FORMANTS = ((730, 1090), (270, 2290), (300, 870), (530, 1840))
_PHONES = ("ɑ", "i", "u", "ɛ")


class MadeSpeech:
    """Utterances with 16 kHz sound, features that name the vowel, F0 and phonemes."""

    def __init__(self, n_utterances=8, n_frames=(40, 60), channels=12, n_speakers=2, seed=3, language="en"):
        self.random = np.random.default_rng(seed)
        self.channels = channels
        self.utterances, self._arrays = [], {}
        for number in range(n_utterances):
            length = int(self.random.integers(*n_frames))
            speaker = number % n_speakers
            vowels = self.random.integers(4, size=-(-length // 12))
            self._arrays[f"u{number}"] = self._make(length, speaker, vowels)
            self.utterances.append(
                PreparedUtterance(
                    id=f"u{number}", speaker=f"speaker{speaker}", language=language,
                    phonemes=" ".join(_PHONES[v] for v in vowels) + " .", n_frames=length, first_frame=0, shard=0,
                )
            )  # fmt: skip

    def change(self, values):
        """Replace fields of utterances, by id."""
        self.utterances = [replace(u, **values.get(u.id, {})) for u in self.utterances]

    def silence(self, utterance_id):
        """Set the F0 of an utterance to unvoiced."""
        self._arrays[utterance_id][2][:] = 0

    def split(self, split):
        return [utterance for utterance in self.utterances if utterance.split == split]

    def _make(self, length, speaker, vowels):
        times = np.arange(length * HOP) / 16000
        f0 = (110 + 90 * speaker) * (1 + 0.2 * np.sin(2 * np.pi * 1.5 * times + self.random.uniform(0, 6)))
        vowel_of = np.repeat(vowels, 12 * HOP)[: len(times)]
        centres = np.array(_FORMANTS)[vowel_of] * (1 + 0.15 * speaker)
        phase, sound = 2 * np.pi * np.cumsum(f0) / 16000, np.zeros(len(times))
        for harmonic in range(1, 24):
            at = harmonic * f0
            level = sum(1 / (1 + ((at - centres[:, i]) / 120) ** 2) for i in range(2)) * (at < 7600)
            sound += level * np.sin(harmonic * phase)
        pause = slice(int(0.8 * len(times)), int(0.9 * len(times)) // HOP * HOP)
        f0[pause], sound[pause] = 0, 0
        sound = 0.1 * sound / np.abs(sound).max() + 0.001 * self.random.standard_normal(len(times))
        features = np.zeros((length, self.channels), np.float32)
        features[np.arange(length), vowel_of[::HOP]] = 2
        features += 0.1 * self.random.standard_normal(features.shape)
        return sound.astype(np.float32), features.astype(np.float32), f0[::80].astype(np.float32)

    def _read(self, utterance, index, per_frame, start, n_frames):
        end = None if n_frames is None else (start + n_frames) * per_frame
        return self._arrays[utterance.id][index][start * per_frame : end]

    def audio(self, utterance, start=0, n_frames=None):
        return self._read(utterance, 0, HOP, start, n_frames)

    def semantic(self, utterance, start=0, n_frames=None):
        return self._read(utterance, 1, 1, start, n_frames)

    def fine_f0_hz(self, utterance, start=0, n_frames=None):
        return self._read(utterance, 2, 4, start, n_frames)

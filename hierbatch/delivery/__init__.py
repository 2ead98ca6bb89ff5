"""Export of a run: audiobook chapters, books, subtitles, dubbed media and corpora."""

"""Jobs on corpora: synthesis, intake of recordings, and export."""

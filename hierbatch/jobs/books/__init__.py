"""Jobs on books: import, cast, narration and mastering."""

"""What people take away: chapters, books, subtitles."""

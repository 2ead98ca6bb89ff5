"""Voices: tables, voice files, voice maps of dubbing jobs, and the people behind the voices."""

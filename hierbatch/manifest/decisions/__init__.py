"""Decisions of reviewers: append-only logs of choices and of requests for new takes."""

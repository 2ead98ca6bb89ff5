"""Specifications of jobs, validated before any worker starts."""

"""Option groups of the jobs: fields of dataclasses that become keywords of the API and options of the commands."""

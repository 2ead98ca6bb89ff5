"""Jobs on weights: import, assembly and export of models."""

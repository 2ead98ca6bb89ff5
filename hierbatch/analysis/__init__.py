"""Analysis of runs and evaluation of models, for notebooks, reports and the evaluation command."""

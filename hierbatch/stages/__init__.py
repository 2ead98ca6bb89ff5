"""Processing stages of a worker, from columns to columns."""

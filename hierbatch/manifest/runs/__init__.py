"""Files of a run folder: plans, committed parts, and the paths of both."""

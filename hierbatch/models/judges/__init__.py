"""Networks that judge takes and speak none: who is heard, and what is said. Their weights come from elsewhere."""

"""Processing stages of a worker; each reads columns of a table and adds others."""

"""Columns of all tables: their schemas, the measures of takes, and the types of rows."""

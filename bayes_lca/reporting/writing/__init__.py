"""How a report is written: page, tables, figures, files."""

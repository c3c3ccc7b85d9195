"""What every study runs on: tasks, seeds, a folder of records, versions, one command."""

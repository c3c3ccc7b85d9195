"""Hard regimes: where intervals, and the alarms of fits, can be trusted and where not."""

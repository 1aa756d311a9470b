"""Which schedule, and which base rate: entrants on many problems, tuned and untuned."""

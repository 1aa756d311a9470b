"""What is trained: models whose parameters have a leading dimension of runs, and the data for them."""

"""Learning: closed-form solvers, the training loop, and the race of candidates."""

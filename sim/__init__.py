"""The simulated world: its physics, its camera, its labels, its driver and the loop that joins them."""

"""Attacks on the network that a person could print: a sticker found by gradient, for teaching and for defence."""

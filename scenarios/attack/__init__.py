"""Attacks judged on whole drives: stickers on stop signs, phantoms where there is none, and defences."""

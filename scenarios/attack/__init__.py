"""Attacks judged on whole drives: stickers on a stop sign, phantoms where there is none, and what defends against them."""

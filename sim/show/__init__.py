"""Looking at what a recipe makes: which frames to show, what they hold, and whether any two are alike.

shots    frames of a recipe, a data set or bare seeds, one at a time, drawn only when looked at
groups   by weather, variant, part, time or distance: which shots stand together on a contact sheet
contact  the sheet itself, with the labels that are asked for
stats    what the worlds hold, counted
alike    a perceptual hash, and the nearest two of many frames
checks   whether labels hold together, by themselves and with the pixels drawn for them
page     all of it on one HTML page, with distributions drawn
"""

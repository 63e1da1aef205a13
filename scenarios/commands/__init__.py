"""The commands that drive, judge and compare: words in, calls into the rooms, words out."""

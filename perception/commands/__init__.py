"""The commands with a network and no drive: words in, calls into the rooms, words out."""

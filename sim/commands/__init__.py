"""The commands of the world, its frames and data sets: words in, calls into the rooms, words out."""

"""What fills the guided tour: a network that is built, trained and asked, and says what it finds as plain arrays.

plan            how large the tour is
network         the network as it was built, and how wide each layer sees
looking         what each layer makes of a frame, and what its channels like best
answers         networks that answer frames, and how many signs they find
experiments     pictures that differ in one thing alone
driving         a short drive on a road that nobody has seen
teacher         all of it, in the order in which the pages want it
process         the same in another process, so that the window stays alive
"""

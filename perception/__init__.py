"""What a camera frame shows: the network, its training and evaluation, and the perceiver that the driver looks through.

Importing this package loads no TensorFlow; its modules that need it do.
"""

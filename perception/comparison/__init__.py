"""Data against design: the network, a classical pipeline and a plain rule on the same frames, from few to many.

frames      which frames train which seed, and which frames all are measured on, clean and corrupted
classical   red regions, HOG and a linear SVM
neural      the project's sign detector, from random weights
grid        every model, volume and seed, each result kept when it is done
curves      error over volume: means, power laws, where one model passes the other, and how sure that is
plots, page what a class looks at
people      a person's eyes on the same frames
"""

"""The guided tour: pages for people who learn what deep learning is, filled by a network that learns meanwhile.

    content     what there is to tell, as plain arrays: whoever teaches a network sends it
    keeping     the same on the disk, so that a tour can be left and taken up
    lesson      what has been told so far
    board       what pages are drawn with, at any size
    sights      frames with what is true of them, and what is believed
    page        what a page is
    pages_*     the pages, a file for each step
    tour        which page is shown, and what keys and the mouse do
    showing     the tour on a screen, or page by page as pictures

Nothing here knows TensorFlow. The network works in another process and sends what it finds; see
`perception.teach`.
"""

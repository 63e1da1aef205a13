"""The window, the films and the screenshots: one composed picture of one turn of the loop.

    palette, text, shapes   what everything is drawn with
    layout                  where each panel lies, at any size
    camera_panel, map_panel, gauges, percept_panel, strip
                            one panel each, drawn from a `Tick` alone
    layers, layers_panel    what each layer of a network sees: what is asked for, how often, and how it is drawn
    view                    `compose_view`: all of them in one picture; needs no display
    film                    pictures into an mp4 or a gif
    session                 a drive that can be taken back, changed and driven on from any tick
    manual, gamepad         a person at the wheel
    tinkering, duel         what a person can change of a drive; a person against the eyes
    playback                a drive against the clock: paused, slowed, taken back, begun anew
    showing, screen         what a window shows of it; the surface that it is shown on
    keys, drive_window      which key does what; what events do to the drive and to what is shown
    display, window         opening a window, and the loop that keeps it

Only `display` opens a display; nothing here initialises sound.
"""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

"""The window, the films and the screenshots: one composed picture of one turn of the loop.

    palette, text, shapes   what everything is drawn with
    layout                  where each panel lies, at any size
    camera_panel, map_panel, gauges, percept_panel, strip
                            one panel each, drawn from a `Tick` alone
    view                    `compose_view`: all of them in one picture; needs no display
    film                    pictures into an mp4 or a gif
    session, manual         a drive that can be paused, stepped, restarted and steered by hand
    window                  the same picture on a screen, with keys

Only `window` opens a display; nothing here initialises sound.
"""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

"""What a window shows of a drive: which parts, and what the header and the banner say."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.vehicle import STEP_S
from sim.viewer.keys import KEY_LIST
from sim.viewer.layers import LayerFeed
from sim.viewer.playback import Playback
from sim.viewer.tinkering import style_words
from sim.viewer.view import ViewOptions

NOTE_S = 2.5
"""For how long a note, such as where a picture was saved, stays."""


@dataclass(slots=True)
class Note:
    """A sentence that goes by itself.

    Attributes:
        words: What it says; "" for nothing.
        until_s: When it goes.
    """

    words: str = ""
    until_s: float = 0.0

    def say(self, words: str, now_s: float) -> None:
        """Say something for `NOTE_S`."""
        self.words, self.until_s = words, now_s + NOTE_S

    def expire(self, now_s: float) -> bool:
        """Fall silent if it is time; return whether that was now."""
        if not self.words or now_s < self.until_s:
            return False
        self.words = ""
        return True


@dataclass(slots=True)
class Showing:
    """Which parts are shown, beside those that always are.

    Attributes:
        layers: Whether the layers panel is shown.
        attention: Whether the camera's picture shows what the belief in a stop sign rests on.
        keys: Whether the list of keys is shown.
        note: What was said last.
        feed: The pictures of the network's layers.
    """

    layers: bool = False
    attention: bool = False
    keys: bool = False
    note: Note = field(default_factory=Note)
    feed: LayerFeed = field(default_factory=LayerFeed)

    def options(self, playback: Playback, *, by_hand: bool, share: float | None = None) -> ViewOptions:
        """Return what the view shows beside the drive's tick and history.

        Args:
            playback: The drive.
            by_hand: Whether a person is at the wheel.
            share: How far the view is from the tick before to the newest; None shows the newest.
        """
        session, duel = playback.session, playback.duel
        changed = session.setup.judge_for is not None and not session.judged
        return ViewOptions(
            eyes_name=session.eyes_name,
            show_truth=playback.show_truth,
            state=state_words(playback, by_hand=by_hand),
            banner=self.note.words or ending_words(playback),
            hint="H: keys",
            keys=KEY_LIST if self.keys else (),
            seed=session.seed,
            camera=session.setup.camera,
            timeline=None if duel is not None else session.span,
            show_layers=self.layers,
            layers=self.feed.shot,
            attention=self.attention,
            layers_message="" if session.has_layers else "These eyes have no layers: E changes to a network",
            notes=(*style_words(session.style), *(("changed by hand: nobody judges",) if changed else ())),
            rival=None if duel is None else duel.rival(share),
            table=duel.table() if duel is not None and duel.over else None,
        )


def state_words(playback: Playback, *, by_hand: bool) -> str:
    """Return what is unusual, in words for the header."""
    first, last, shown = playback.session.span
    speed = playback.speed
    words = [
        (playback.duel is not None, "you against the eyes"),
        (by_hand and playback.duel is None, "manual"),
        (playback.paused, "paused"),
        (not playback.session.live and last >= first, f"{(last - shown) * STEP_S:.2f} s ago"),
        (speed != 1.0, f"{speed:g} x" if speed > 1 else f"1/{1 / speed:.0f} speed"),
    ]
    return " · ".join(word for on, word in words if on)


def ending_words(playback: Playback) -> str:
    """Return how the drive ended, once it has."""
    session, duel = playback.session, playback.duel
    if duel is not None:
        waits = session.over and not duel.over
        return f"You are done. {duel.name.capitalize()} still drive." if waits else ""
    return session.ending() if playback.ended else ""

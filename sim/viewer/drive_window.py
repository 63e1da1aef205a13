"""The window's hands: what each key, click and other event does to the drive and to what is shown of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from sim.errors import RollingStopError
from sim.files import write_atomically
from sim.generate.restyle import Style, take_sign
from sim.loop import Tick
from sim.vehicle import CONTROL_HZ
from sim.viewer.duel import Duel
from sim.viewer.gamepad import Gamepad
from sim.viewer.keys import ACTIONS, HOLDS, REPEATED, Action
from sim.viewer.layers import LayerFeed
from sim.viewer.manual import ManualWheel
from sim.viewer.playback import Playback
from sim.viewer.screen import Screen
from sim.viewer.session import REWIND_STEPS, EyesOffer, Recorder, Session
from sim.viewer.showing import Showing
from sim.viewer.tinkering import Thing, following, next_age, next_clutter, next_hour, next_weather
from sim.viewer.view import ViewOptions, compose_view, draw_view, locate_on_map, scrub_share

if TYPE_CHECKING:
    from sim.recording.run_log import RunLog

_REPEAT_S = (0.6, 0.05)
"""A step key that is held repeats: after this long, and then so often."""

_STYLES: dict[Action, Callable[[Style], Style]] = {
    Action.WEATHER: next_weather,
    Action.HOUR: next_hour,
    Action.AGE: next_age,
    Action.CLUTTER: next_clutter,
}

_STEPS_BACK: dict[Action, int] = {
    Action.BACK: 1,
    Action.SECOND_BACK: CONTROL_HZ,
    Action.SECOND_ON: -CONTROL_HZ,
    Action.OLDEST: REWIND_STEPS,
}

_NOT_IN_A_DUEL = frozenset(
    {Action.STEP, Action.NOW, Action.RESUME, Action.EYES, Action.WEIGHTS, Action.MANUAL, *_STEPS_BACK, *_STYLES}
)
"""While two are judged on the same drive, nobody goes back and nothing changes."""

_NOT_NOW = "Not while two are judged: C leaves it"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Held:
    """A key that is held, and when it acts again."""

    key: int
    action: Action
    due_s: float


class DriveWindow:
    """The window: events come in, pictures go out; time is given to it, so that it can be tested without waiting.

    Args:
        screen: Where to draw.
        session: What is driven; its override must be `wheel`.
        wheel: Where keys put a person's wishes.
        max_steps: After how many steps to close; None to drive one seed after another without end.
        recorder: What records each step, or None.
        screenshots: The folder for pictures.
        log: What notes down each step, or None.
        gamepad: A game controller, or None.
        feed: When to look into the network's layers.

    Attributes:
        hidden: Whether the window is minimised: then nothing is drawn, and the drive waits.
        thing: What a click on the map puts there.
        playback: The drive against the clock.
        showing: What is shown of it.
    """

    def __init__(
        self,
        screen: pygame.Surface,
        session: Session,
        wheel: ManualWheel,
        *,
        max_steps: int | None = None,
        recorder: Recorder | None = None,
        screenshots: Path | None = None,
        log: RunLog | None = None,
        gamepad: Gamepad | None = None,
        feed: LayerFeed | None = None,
    ) -> None:
        self.hidden = False
        self.thing = Thing.STOP
        self.showing = Showing(feed=feed or LayerFeed())
        self.playback = Playback(
            session,
            wheel,
            begun=self.showing.feed.forget,
            max_steps=max_steps,
            recorder=recorder,
            log=log,
            gamepad=gamepad,
        )
        self._screen = Screen(screen)
        self._wheel = wheel
        self._screenshots = screenshots or Path()
        self._gamepad = gamepad
        self._stale = True
        self._drawn: tuple[tuple[object, ...], float | None] = ((), None)
        self._share: float | None = None
        self._held: _Held | None = None
        self._scrubbing = False

    @property
    def session(self) -> Session:
        """What is driven."""
        return self.playback.session

    @property
    def running(self) -> bool:
        """Whether the window shall stay open."""
        return self.playback.running

    @property
    def paused(self) -> bool:
        """Whether the drive stands still."""
        return self.playback.paused

    @property
    def duel(self) -> Duel | None:
        """The other driver, while a person drives against it."""
        return self.playback.duel

    def handle(self, event: pygame.event.Event, now_s: float) -> None:
        """Do what an event asks for."""
        if event.type == pygame.QUIT:
            self.playback.running = False
        elif event.type == pygame.KEYDOWN:
            self._press(event.key, now_s)
        elif event.type == pygame.KEYUP:
            self._let_go(event.key)
        elif event.type == pygame.MOUSEBUTTONDOWN:
            self._click(event.pos, event.button, now_s)
        elif event.type == pygame.MOUSEBUTTONUP:
            self._scrubbing = False
        elif event.type == pygame.MOUSEMOTION:
            if not self._scrubbing:
                return
            self._scrub(event.pos, near=False)
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._wheel.held.clear()
            self._held = None
        elif event.type in (pygame.WINDOWMINIMIZED, pygame.WINDOWHIDDEN):
            self.hidden = True
        elif event.type in (pygame.WINDOWRESTORED, pygame.WINDOWSHOWN, pygame.WINDOWMAXIMIZED):
            self.hidden = False
            self.playback.rest()
        elif self._gamepad is not None:
            self._gamepad.handle(event)
        self._stale = True

    def _press(self, key: int, now_s: float) -> None:
        if key in HOLDS and self._wheel.engaged:
            self._wheel.held.add(HOLDS[key])
        elif key in ACTIONS:
            action = ACTIONS[key]
            self._do(action, now_s)
            self._held = _Held(key, action, now_s + _REPEAT_S[0]) if action in REPEATED else None

    def _let_go(self, key: int) -> None:
        if key in HOLDS:
            self._wheel.held.discard(HOLDS[key])
        if self._held is not None and self._held.key == key:
            self._held = None

    def _do(self, action: Action, now_s: float) -> None:
        playback, showing = self.playback, self.showing
        session = playback.session
        if playback.duel is not None and action in _NOT_IN_A_DUEL:
            self._say(_NOT_NOW, now_s)
            return
        match action:
            case Action.PAUSE:
                playback.toggle_pause()
            case Action.STEP:
                playback.paused = True
                playback.step(now_s)
            case Action.BACK | Action.SECOND_BACK | Action.SECOND_ON | Action.OLDEST:
                playback.go_back(_STEPS_BACK[action])
            case Action.NOW:
                session.seek(session.span[1])
            case Action.RESUME:
                self._resume(now_s)
            case Action.SLOWER:
                playback.change_speed(-1)
            case Action.FASTER:
                playback.change_speed(1)
            case Action.RESET:
                playback.restart(session.seed)
            case Action.NEXT_SEED:
                playback.restart(session.seed + 1)
            case Action.TRUTH:
                playback.show_truth = not playback.show_truth
            case Action.LAYERS:
                self._toggle_layers(now_s)
            case Action.ATTENTION:
                self._toggle_attention(now_s)
            case Action.EYES | Action.WEIGHTS:
                self._change_eyes(now_s, weights_only=action is Action.WEIGHTS)
            case Action.MANUAL:
                self._wheel.toggle()
                self._resume(now_s)
            case Action.DUEL:
                self._toggle_duel(now_s)
            case Action.WEATHER | Action.HOUR | Action.AGE | Action.CLUTTER:
                session.restyle(_STYLES[action](session.style))
                playback.redone()
            case Action.THING:
                self.thing = following(tuple(Thing), self.thing)
                self._say(f"A click on the map puts {self.thing.words} there", now_s)
            case Action.SCREENSHOT:
                self._save_picture(now_s)
            case Action.KEYS:
                showing.keys = not showing.keys
            case Action.QUIT:
                playback.running = False

    def _say(self, words: str, now_s: float) -> None:
        self.showing.note.say(words, now_s)
        self._stale = True

    def _resume(self, now_s: float) -> None:
        if self.playback.resume():
            self._say("What came after is forgotten; the drive goes on from here", now_s)

    def _change_eyes(self, now_s: float, *, weights_only: bool) -> None:
        """Go on with the next eyes, or with those of the next weights."""
        session = self.session
        offers = session.setup.offers
        if weights_only:
            offers = tuple(offer for offer in offers if offer.kind == "network")
        now = session.offer
        if len(offers) < 2 or now is None:
            self._say("There are no other weights: give --weights more than once" if weights_only else
                      "There are no other eyes", now_s)  # fmt: skip
            return
        wanted = following(offers, now) if now in offers else offers[0]
        self._wait_for(wanted)
        try:
            session.see_with(wanted)
        except RollingStopError as fault:
            _log.warning("%s", fault)
            self._say(str(fault), now_s)
        else:
            self.playback.redone()

    def _wait_for(self, offer: EyesOffer) -> None:
        """Say that eyes are made, which takes a network a moment."""
        if offer.kind == "network":
            self._draw_waiting(f"Loading {offer.name}")

    def _draw_waiting(self, words: str) -> None:
        """Show what is waited for, at once: nothing else is drawn until it is there."""
        self.showing.note.words = words
        self._stale = True
        self.draw()
        self.showing.note.words = ""

    def _toggle_layers(self, now_s: float) -> None:
        self.showing.layers = not self.showing.layers
        if self.showing.layers:
            self._open_network(now_s)

    def _toggle_attention(self, now_s: float) -> None:
        if not self.session.has_layers:
            self._say("These eyes have no layers: E changes to a network", now_s)
            return
        self.showing.attention = not self.showing.attention
        self.showing.feed.forget()
        if self.showing.attention:
            self._open_network(now_s)

    def _open_network(self, now_s: float) -> None:
        if self.session.has_layers:
            self._draw_waiting("Opening the network")
            self.session.layers()
        self._look_inside(now_s, at_once=True)

    def _look_inside(self, now_s: float, *, at_once: bool) -> None:
        """Ask for the layers' pictures if they are shown, and it is time."""
        tick = self.session.tick
        showing = self.showing
        if not (showing.layers or showing.attention) or tick is None or tick.capture.frame is None:
            return
        look = self.session.layers()
        if look is None:
            showing.feed.forget()
        elif showing.feed.refresh(look, tick.capture.frame, now_s, at_once=at_once, attention=showing.attention):
            self._stale = True

    def _toggle_duel(self, now_s: float) -> None:
        """Begin the drive anew with a person at the wheel and the eyes beside; or leave that."""
        if self.playback.duel is not None:
            self.playback.leave_duel()
        elif self.session.setup.judge_for is None:
            self._say("Nobody judges this drive: take a scenario, not --endless", now_s)
        else:
            self.playback.paused = False
            self.playback.begin_duel()

    def _click(self, position: tuple[int, int], button: int, now_s: float) -> None:
        """Put a thing on the map, take one away, or take hold of the bar under the camera."""
        tick = self.session.tick
        if tick is None:
            return
        if button == pygame.BUTTON_LEFT and self._scrub(position, near=True):
            self._scrubbing = True
            return
        camera = self.session.setup.camera
        place = locate_on_map(self._screen.size_px, camera, tick, self._screen.to_view(position))
        if place is None or button not in (pygame.BUTTON_LEFT, pygame.BUTTON_RIGHT):
            return
        if self.playback.duel is not None:
            self._say(_NOT_NOW, now_s)
            return
        if button == pygame.BUTTON_LEFT:
            world, words = self.thing.put(tick.world, *place), f"Put there: {self.thing.words}"
        else:
            world, words = take_sign(tick.world, *place), "Taken away"
        if world is tick.world:
            return
        self.session.change(world)
        self.playback.redone()
        self._say(words, now_s)

    def _scrub(self, position: tuple[int, int], *, near: bool) -> bool:
        """Show the tick under a point of the bar; return whether the point was on it."""
        if self.playback.duel is not None:
            return False
        camera = self.session.setup.camera
        share = scrub_share(self._screen.size_px, camera, self._screen.to_view(position), near=near)
        if share is None:
            return False
        first, last, _ = self.session.span
        self.playback.show(round(first + share * (last - first)))
        return True

    def advance(self, now_s: float) -> None:
        """Let the drive catch up with the clock: one step for each twentieth of a second since the last call."""
        if self.showing.note.expire(now_s):
            self._stale = True
        if self.session.tick is None:
            self.playback.step(now_s)
        held = self._held
        if held is not None and now_s >= held.due_s:
            self._held = replace(held, due_s=now_s + _REPEAT_S[1])
            self._do(held.action, now_s)
        if not self.hidden:
            self.playback.catch_up(now_s)
            self._look_inside(now_s, at_once=self.paused and self._is_other_moment())
        self._share = self.playback.share(now_s)

    def _is_other_moment(self) -> bool:
        shot, tick = self.showing.feed.shot, self.session.tick
        return tick is not None and (shot is None or shot.step != tick.world.step)

    def picture(self, size_px: tuple[int, int]) -> NDArray[np.uint8]:
        """Return what the window shows, shape (height, width, 3); the drive must have begun."""
        tick = self.session.tick
        if tick is None:
            raise ValueError("Expected a drive that has begun: call advance() first.")
        return compose_view(tick, self.session.history, size_px, self._options())

    def _options(self) -> ViewOptions:
        return self.showing.options(self.playback, by_hand=self._wheel.engaged)

    def draw(self) -> bool:
        """Draw if anything changed since the last time; return whether it did."""
        ticks, share = self.playback.ticks, self._share
        # A tick is told by identity: comparing two would compare their frames.
        moved = share != self._drawn[1] or tuple(map(id, ticks)) != tuple(map(id, self._drawn[0]))
        if not (self._stale or moved) or self.hidden or ticks[0] is None:
            return False
        self._screen.show(self._view(ticks[0], share))
        self._drawn = (ticks, share)
        self._stale = False
        return True

    def _view(self, tick: Tick, share: float | None) -> pygame.Surface:
        """Return the view of the newest tick, or of a moment on the way to it from the one before."""
        size_px, history, eve = self._screen.size_px, self.session.history, self.playback.eve
        if share is None or eve is None:
            return draw_view(tick, history, size_px, self._options())
        shown = self.session.between(eve, tick, share, truth=self.playback.show_truth)
        options = self.showing.options(self.playback, by_hand=self._wheel.engaged, share=share)
        now_step = eve.world.step + (0.0 if shown is eve else share)
        return draw_view(shown, history, size_px, replace(options, said=eve.percept, now_step=now_step))

    def _save_picture(self, now_s: float) -> None:
        """Save what the window shows; what goes wrong is said in the window, since the drive can go on without it."""
        tick = self.session.tick
        if tick is None:
            return
        path = self._screenshots / f"rollingstop-seed{self.session.seed}-step{tick.world.step:05d}.png"
        self.showing.note.words = ""
        picture = self.picture(self._screen.size_px)
        _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        try:
            write_atomically(path, encoded.tobytes())
        except RollingStopError as fault:
            _log.warning("%s", fault)
            self._say(str(fault), now_s)
        else:
            self._say(f"Saved {path}", now_s)

"""What the window is given to drive: eyes to choose from, and a judge that gives scores."""

from __future__ import annotations

from pathlib import Path

from scenarios.drives import drive_setup, eyes_offers
from sim.viewer.duel import Duel
from sim.viewer.session import ScoringJudge, Session


def test_the_eyes_that_were_asked_for_come_first_and_each_network_has_a_name() -> None:
    offers = eyes_offers("oracle", (None, Path("runs/a/rollingstop.npz"), Path("b.npz"), None))
    assert [offer.name for offer in offers] == ["oracle", "network", "a network", "b network", "blind"]
    assert offers[0].make().name == "oracle"
    assert all((offer.make_layers is not None) == (offer.kind == "network") for offer in offers)
    alike = eyes_offers("network", (Path("x/rollingstop.npz"), Path("y/x/rollingstop.npz")))
    assert len({offer.name for offer in alike}) == 4


def test_two_that_drive_alike_have_the_same_scores() -> None:
    setup, _ = drive_setup("straight", "oracle", None)
    assert setup.judge_for is not None
    assert isinstance(setup.judge_for(setup.start(3)), ScoringJudge)
    session = Session(setup, 3, want_frame=False)
    duel = Duel(session)
    while not duel.over:
        session.step()
        duel.step()
    table = duel.table()
    assert table.rows[0][0] == "stops at the sign"
    for _, (mine, theirs) in table.rows:
        assert mine == theirs
        assert mine[0]

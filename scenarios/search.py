"""Search: hunting a scenario's failures by optimisation, and telling them in the simplest way.

A scenario is a distribution; each span, count and share in it is a parameter to be pinned to one value. A trial pins
them all, drives one run and is scored by the verdict's margin: how far the run was from failing. Much of a run is its
seed's, which no pin holds, so the search goes two ways by turns, as a global and a local one do (Corso et al. 2021, A
Survey of Algorithms for Black-Box Safety Validation):

- scouts drive each a seed of their own, where Optuna's tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011)
  proposes the pins;
- from the scout that came nearest to failing, an evolution strategy (Hansen 2016, The CMA Evolution Strategy) moves the
  pins on that scout's own seed, where a small change of a pin is a small change of the run, while it gets nearer.

Random draws from the scenario itself are the yardstick.

What fails is then shrunk on the same run seed, as Hypothesis shrinks: pins that are not needed are taken out, things
that are not needed are left out, and what remains is moved as near as it may to the middle of its span.
"""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.outcomes import Expectation, Verdict
from scenarios.pool import Progress
from scenarios.run import run_scenario
from scenarios.scenario import FAULTS_DIR, Scenario, fault_of, load_catalogue, start_world
from sim.camera import Camera
from sim.errors import RollingStopError, ScenarioError
from sim.files import write_atomically
from sim.loop import Eyes
from sim.render import Painter

Value = float | int
"""A parameter pinned."""

SEARCHED = ("world", "start", "fault")
"""The tables of a scenario whose parameters are searched. Those of `[expect]` are what is asked, not what is met."""

LEFT_TO_CHANCE = "world.light"
"""The table whose shares exclude one another: these are drawn by each run, as ever."""

BISECTIONS = 3
"""How often a pin is moved half way to the middle of its span."""

OTHER_SEEDS = 5
"""On so many other seeds a found scenario is driven, to tell whether it is the pins that fail or the seed."""

MEAN_WEIGHT = 2.0
"""Of the mean of all findings' robustness beside the least of them, in what a search makes small."""

STARTS_RANDOM = 8
"""Scouts drawn at random before the estimator proposes, and before anything is followed."""

SCOUTS_BETWEEN = 4
"""Scouts between one descent and the next."""

PATIENCE = 24
"""So many trials of a descent without a new lowest end it: about two generations of its strategy."""

PROBES = 4
"""Worlds, of seeds of their own, in which a parameter must make a difference somewhere to be searched at all."""

FAR = 0.9
"""What no scout came nearer to breaking than this, no descent aims at."""

IMPOSSIBLE = 1e3
"""What pins that do not go together count as in a descent: farther from failing than any run."""

STRIDE = 0.15
"""Standard deviation of a descent's first steps, in widths of each parameter's span."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something of a scenario that can be pinned.

    Attributes:
        path: Its keys, with dots: "world.approach_m".
        low: Least value.
        high: Greatest value.
        whole: Whether it counts things.
        share: Whether it is a share, which a single run either has or has not.
    """

    path: str
    low: Value
    high: Value
    whole: bool = False
    share: bool = False

    @property
    def simplest(self) -> Value:
        """The value towards which it is shrunk: none of a thing, the middle of a span."""
        return self.low if self.whole or self.share else 0.5 * (self.low + self.high)

    def pinned(self, value: Value) -> Any:
        """Return what stands in a scenario file where it has one value."""
        return float(value) if self.share else (value, value)


def parameters_of(scenario: Scenario) -> tuple[Parameter, ...]:
    """Return all that a scenario leaves open, in the order of its keys."""
    found: list[Parameter] = []
    for table in SEARCHED:
        spec = getattr(scenario, table)
        if spec is not None:
            _collect(spec, table, found)
    return tuple(found)


def telling(scenario: Scenario, parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Return those parameters of a scenario that can make a difference: the fog's density has none in clear air.

    No run is driven for it: the worlds at both ends of a span are compared as they begin.
    """
    return tuple(each for each in parameters if any(_differs(scenario, each, seed) for seed in range(PROBES)))


def _differs(scenario: Scenario, each: Parameter, run_seed: int) -> bool:
    ends: list[bytes] = []
    for value in (each.low, each.high):
        try:
            pinned = pin(scenario, {each.path: value})
        except ValueError:
            return True
        world = start_world(pinned, run_seed)
        ends.append(pickle.dumps((world, fault_of(pinned, world))))
    return ends[0] != ends[1]


def _collect(spec: Any, path: str, found: list[Parameter]) -> None:
    for item in fields(spec):
        value, here = getattr(spec, item.name), f"{path}.{item.name}"
        if is_dataclass(value):
            _collect(value, here, found)
        elif isinstance(value, tuple) and len(value) == 2 and all(isinstance(end, int | float) for end in value):
            low, high = value
            if low < high:
                found.append(Parameter(here, low, high, whole=isinstance(low, int) and isinstance(high, int)))
        elif item.name.endswith("_share") and isinstance(value, float) and 0.0 < value < 1.0 and path != LEFT_TO_CHANCE:
            found.append(Parameter(here, 0, 1, share=True))


def pin(scenario: Scenario, pins: Mapping[str, Value]) -> Scenario:
    """Return a scenario with some of its parameters pinned.

    Raises:
        ValueError: If the values do not go together.
    """
    known = {each.path: each for each in parameters_of(scenario)}
    for path, value in pins.items():
        scenario = _set(scenario, path.split("."), known[path].pinned(value))
    return scenario


def _set(spec: Any, keys: Sequence[str], value: Any) -> Any:
    first, rest = keys[0], keys[1:]
    return replace(spec, **{first: _set(getattr(spec, first), rest, value) if rest else value})


@dataclass(frozen=True, slots=True)
class Found:
    """A failure that a search has come upon.

    Attributes:
        scenario: The simplest one that fails, named and with its pins in it.
        run_seed: The seed on which it does.
        verdict: How.
        pins: What had to be pinned.
        first_pins: How many pins it had before it was shrunk.
        others_failed: On how many of the `OTHER_SEEDS` next seeds it fails too.
    """

    scenario: Scenario
    run_seed: int
    verdict: Verdict
    pins: dict[str, Value]
    first_pins: int
    others_failed: int


@dataclass(frozen=True, slots=True)
class Hunt:
    """What became of a search in one scenario.

    Attributes:
        scenario: The one that was searched.
        sampler: One of `SAMPLERS`.
        trials: How many runs were driven until the first failure, or in all.
        lowest_margin: Of all of these.
        found: The first failure, shrunk, or None.
        shrink_runs: Runs driven to shrink it.
    """

    scenario: Scenario
    sampler: str
    trials: int
    lowest_margin: float
    found: Found | None
    shrink_runs: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        found = self.found
        return {
            "scenario": self.scenario.name,
            "sampler": self.sampler,
            "trials": self.trials,
            "lowest_margin": self.lowest_margin,
            "shrink_runs": self.shrink_runs,
            "found": None
            if found is None
            else {
                "name": found.scenario.name,
                "seed": found.run_seed,
                "outcome": found.verdict.outcome.name,
                "reason": found.verdict.reason,
                "margin": found.verdict.margin,
                "pins": found.pins,
                "pins_before_shrinking": found.first_pins,
                "other_seeds_failed": f"{found.others_failed} of {OTHER_SEEDS}",
            },
        }


SAMPLERS = ("guided", "tpe", "random")
"""How the next trial is chosen: scouts and descents, scouts alone, or the scenario's own draws."""


def hunt(
    scenario: Scenario,
    eyes: Eyes,
    *,
    budget: int,
    seed: int = 0,
    sampler: str = "guided",
    shrink: bool = True,
    progress: Progress | None = None,
    drive: Callable[[Scenario, int, Eyes], Verdict] | None = None,
) -> Hunt:
    """Drive trials until one fails or the budget is used up.

    Args:
        scenario: Where to hunt.
        eyes: Whose failures.
        budget: Most trials; shrinking may take as many again.
        seed: Of the sampler, and the first run seed: each trial that follows none before it has the next.
        sampler: One of `SAMPLERS`.
        shrink: Whether to shrink what is found.
        progress: Called with trials done and in all.
        drive: Drives one run; `run_scenario` if not given.

    Raises:
        ValueError: If the budget is under 1, or there is no such sampler.
        RollingStopError: If the sampler is not "random" and Optuna is not installed.
    """
    if budget < 1:
        raise ValueError(f"Expected a budget of at least 1. Received: {budget}.")
    if sampler not in SAMPLERS:
        raise ValueError(f"Expected a sampler out of {', '.join(SAMPLERS)}. Received: '{sampler}'.")
    drive = drive or partial(run_scenario, painter=Painter(Camera()))
    # A world's seed comes from the scenario's name too: the name that will be saved is the one that is driven.
    named = replace(scenario, name=f"{scenario.name}_found")
    if sampler == "random":
        plan = _random(seed)
    else:
        plan = _guided(telling(named, parameters_of(named)), seed, descends=sampler == "guided")
    lowest, run_seed, pins = float("inf"), *next(plan)
    for trial in range(budget):
        try:
            candidate = pin(named, pins)
        except ValueError:
            run_seed, pins = plan.send(None)
            continue
        verdict = drive(candidate, run_seed, eyes)
        lowest = min(lowest, verdict.margin)
        if progress is not None:
            progress(trial + 1, budget)
        if not verdict.passed:
            found, runs = _shrunk(named, pins, run_seed, verdict, eyes, budget if shrink else 0, drive)
            return Hunt(scenario, sampler, trial + 1, lowest, found, runs)
        run_seed, pins = plan.send(verdict)
    return Hunt(scenario, sampler, budget, lowest, None, 0)


def slope(verdict: Verdict, target: Expectation | None = None) -> float:
    """Return what the search makes small: the margin, and with less weight the mean of all findings'.

    The least of many margins is flat wherever one that hardly changes, such as jerk, is the least.

    Args:
        verdict: Of a run.
        target: If given, the one expectation whose margin counts instead of the least of all.
    """
    findings = verdict.findings
    mean = sum(each.robustness for each in findings) / max(len(findings), 1)
    least = min((each.robustness for each in findings if each.expectation is target), default=verdict.margin)
    return least + MEAN_WEIGHT * mean


Plan = Generator[tuple[int, dict[str, Value]], Verdict | None, None]
"""Proposes a run seed and pins, and is sent what came of them, or None where they do not go together."""


def _random(seed: int) -> Plan:
    """Leave everything to the scenario."""
    for run_seed in count(seed):
        yield run_seed, {}


def _guided(parameters: Sequence[Parameter], seed: int, *, descends: bool) -> Plan:
    """Scout, and follow the best scouts, if it `descends`."""
    optuna = _needed("optuna")
    optuna.logging.set_verbosity(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is experimental in Optuna is pinned with it
        tpe = optuna.samplers.TPESampler(seed=seed % 2**32, n_startup_trials=STARTS_RANDOM, multivariate=True)
    scouting = optuna.create_study(sampler=tpe)
    seeds, descents = count(seed), 0
    scouts: list[_Scout] = []
    for number in count(1):
        run_seed = next(seeds)
        trial = scouting.ask()
        pins: dict[str, Value] = {
            each.path: trial.suggest_int(each.path, int(each.low), int(each.high))
            if each.whole or each.share
            else trial.suggest_float(each.path, each.low, each.high)
            for each in parameters
        }
        verdict = yield run_seed, pins
        if verdict is None:
            scouting.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            scouting.tell(trial, slope(verdict))
            scouts.append(_Scout(run_seed, pins, verdict))
        if descends and parameters and scouts and number >= STARTS_RANDOM and number % SCOUTS_BETWEEN == 0:
            target = _targets(scouts)[descents % len(_targets(scouts))]
            best = min(scouts, key=lambda scout: slope(scout.verdict, target))
            scouts.remove(best)
            yield from _descend(parameters, best, target, seed + descents)
            descents += 1


@dataclass(frozen=True, slots=True)
class _Scout:
    """A run that was driven on a seed of its own."""

    run_seed: int
    pins: dict[str, Value]
    verdict: Verdict


def _targets(scouts: Sequence[_Scout]) -> list[Expectation]:
    """Return what came nearest to breaking in any scout, nearest first.

    A descent towards one may end where that is as bad as it gets, and another breaks elsewhere.
    """
    least: dict[Expectation, float] = {}
    for scout in scouts:
        for each in scout.verdict.findings:
            least[each.expectation] = min(each.robustness, least.get(each.expectation, FAR))
    near = sorted((name for name in least if least[name] < FAR), key=lambda name: least[name])
    return near or list(least)


def _descend(parameters: Sequence[Parameter], scout: _Scout, target: Expectation, seed: int) -> Plan:
    """Move a scout's pins on its own seed for as long as that leads nearer to breaking one expectation."""
    lowest = slope(scout.verdict, target)
    # In shares of each span, or the strategy would take metres and degrees alike; it needs two dimensions at least.
    start = np.array([(scout.pins[each.path] - each.low) / (each.high - each.low) for each in parameters])
    size = max(len(start), 2)
    strategy = _needed("cmaes").CMA(np.resize(start, size), STRIDE, np.tile([0.0, 1.0], (size, 1)), seed=seed % 2**32)
    since = 0
    while since < PATIENCE:
        generation: list[tuple[Any, float]] = []
        for _ in range(strategy.population_size):
            at = strategy.ask()
            shares = zip(parameters, at, strict=False)
            verdict = yield scout.run_seed, {each.path: _value(each, float(share)) for each, share in shares}
            came_to = IMPOSSIBLE if verdict is None else slope(verdict, target)
            generation.append((at, came_to))
            since = 0 if came_to < lowest else since + 1
            lowest = min(lowest, came_to)
        strategy.tell(generation)


def _value(each: Parameter, share: float) -> Value:
    """Return the value at a share of a parameter's span."""
    value = each.low + share * (each.high - each.low)
    return round(value) if each.whole or each.share else value


def _needed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise RollingStopError(
            f"Expected {name} for a search by optimisation. Received: it is not installed.",
            hint="Install it with `pip install 'rollingstop[search]'`, or use `--sampler random`.",
        ) from None


class _OutOfBudgetError(Exception):
    """No more runs to shrink with."""


def _shrunk(
    named: Scenario,
    pins: dict[str, Value],
    run_seed: int,
    verdict: Verdict,
    eyes: Eyes,
    budget: int,
    drive: Callable[[Scenario, int, Eyes], Verdict],
) -> tuple[Found, int]:
    """Return the simplest failure found from one, and the runs that it took."""
    runs = 0
    kept, best = dict(pins), verdict

    def still_fails(candidate: dict[str, Value]) -> bool:
        nonlocal runs, kept, best
        if runs >= budget:
            raise _OutOfBudgetError
        runs += 1
        try:
            pinned = pin(named, candidate)
        except ValueError:
            return False
        found = drive(pinned, run_seed, eyes)
        if found.passed:
            return False
        kept, best = candidate, found
        return True

    try:
        _take_out(kept, still_fails)
        for each in parameters_of(named):
            if each.path in kept or each.whole:
                _simplify(each, kept, still_fails)
    except _OutOfBudgetError:
        pass
    others = 0
    if budget:
        others = sum(
            not drive(pin(named, kept), other, eyes).passed for other in range(run_seed + 1, run_seed + 1 + OTHER_SEEDS)
        )
    described = replace(
        pin(named, kept),
        title=f"{named.title}: found",
        description=f"Fails on run seed {run_seed} with {eyes.name} eyes: {best.reason}",
    )
    return Found(described, run_seed, best, kept, len(pins), others), runs


def _take_out(pins: dict[str, Value], still_fails: Callable[[dict[str, Value]], bool]) -> None:
    """Take out pins that are not needed, in large pieces first (Zeller and Hildebrandt's delta debugging, 2002)."""
    left = dict(pins)
    size = len(left)
    while size >= 1 and left:
        paths = list(left)
        for begin in range(0, len(paths), size):
            piece = set(paths[begin : begin + size])
            candidate = {path: value for path, value in left.items() if path not in piece}
            if len(candidate) < len(left) and still_fails(candidate):
                left = candidate
        size //= 2


def _simplify(each: Parameter, pins: dict[str, Value], still_fails: Callable[[dict[str, Value]], bool]) -> None:
    """Move one parameter as near to its simplest value as it may go; fewest things first."""
    if still_fails({**pins, each.path: each.simplest}) or each.path not in pins or each.whole or each.share:
        return
    far, near = float(each.simplest), float(pins[each.path])
    for _ in range(BISECTIONS):
        middle = 0.5 * (far + near)
        if still_fails({**pins, each.path: middle}):
            near = middle
        else:
            far = middle


def choose(what: str) -> tuple[Scenario, ...]:
    """Return the scenarios of a name, of a family, or of a file or folder.

    Raises:
        ScenarioError: If there is none.
    """
    if Path(what).exists():
        return load_catalogue(Path(what))
    known = (*load_catalogue(), *load_catalogue(FAULTS_DIR))
    chosen = tuple(each for each in known if each.name == what or getattr(each, "family", None) == what)
    if not chosen and what == FAULTS_DIR.name:
        chosen = load_catalogue(FAULTS_DIR)
    if not chosen:
        families = sorted({str(each.family) for each in known if hasattr(each, "family")})  # pyright: ignore
        raise ScenarioError(
            f"Expected the name of a scenario or family, or a path. Received: '{what}'.",
            hint=f"Known: {', '.join([*families, *(each.name for each in known)])}.",
        )
    return chosen


def write_scenario(scenario: Scenario, folder: Path) -> Path:
    """Write a scenario as TOML, without what is as usual, and return where it is.

    Raises:
        StorageError: If it cannot be written.
    """
    usual = asdict(Scenario(title="-", description="-"))
    plain = asdict(scenario)
    del plain["name"]
    path = folder / f"{scenario.name}.toml"
    write_atomically(path, (_toml(plain, usual, "") + "\n").encode())
    return path


def _toml(table: Mapping[str, Any], usual: Mapping[str, Any] | None, heading: str) -> str:
    lines: list[str] = []
    tables: list[str] = []
    for key, value in table.items():
        before = None if usual is None else usual.get(key)
        if isinstance(value, Mapping):
            name = f"{heading}.{key}" if heading else key
            text = _toml(value, before if isinstance(before, Mapping) else None, name)
            if text:
                tables.append(text)
        elif value is not None and value != before:
            lines.append(f"{key} = {_toml_value(value)}")
    own = "\n".join(([f"[{heading}]"] if heading and lines else []) + lines)
    return "\n\n".join(part for part in (own, *tables) if part)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
        return f'"{quoted}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml_value(each) for each in value)}]"
    return repr(value)

"""`rollingstop test`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perception.commands.common import BackendName, BackendOption, PrecisionOption, Weights, make_engine
from scenarios.commands.failures import explain_failures, keep_failures, plain_causes
from scenarios.commands.results import print_causes, print_comparison, print_results
from sim.commands.common import (
    CORES,
    Address,
    Json,
    Quiet,
    Where,
    WhereOption,
    Workers,
    print_json,
    progress_bar,
    require_places,
    say,
)

if TYPE_CHECKING:
    from perception.engine import Engine
    from scenarios.baseline import Gate, Latency
    from scenarios.run import Results
    from scenarios.scenario import Scenario
    from scenarios.three_eyes import ThreeEyes
    from sim.cluster import Cluster


class TestEyesName(StrEnum):
    """Whose eyes a test drives with."""

    NETWORK = "network"
    ORACLE = "oracle"
    BLIND = "blind"
    ALL = "all"


def test(
    catalogue: Annotated[
        Path | None, typer.Argument(help="A folder of scenarios, or one; the shipped ones if not given.")
    ] = None,
    eyes: Annotated[
        TestEyesName | None,
        typer.Option(
            help="Whose eyes the driver sees with; all three tell what perception costs. network if not given."
        ),
    ] = None,
    weights: Weights = None,
    backend: BackendOption = BackendName.KERAS,
    precision: PrecisionOption = None,
    runs: Annotated[
        int | None,
        typer.Option("--runs", "-n", min=1, help="Runs of each scenario, each on a seed of its own; 1 if not given."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The first of those seeds; 0 if not given.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="Only scenarios of this family; may be repeated.")] = None,
    required: Annotated[
        bool, typer.Option("--required", help="Only scenarios that the shipped network must hold.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write results.json, index.html, and a film and a replay bundle of each failure here."
        ),
    ] = None,
    films: Annotated[int, typer.Option(min=0, help="At most so many films of failures.")] = 5,
    against: Annotated[
        Path | None, typer.Option(help="Results of an earlier test on the same seeds, to be compared with.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Drive what this baseline drove; fail only if something got worse.")
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write the results to the baseline; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why the baseline changes.")] = "",
    latency: Annotated[
        bool, typer.Option("--latency", help="Hold the network's latency against the baseline's, too.")
    ] = False,
    until_proven: Annotated[
        float | None,
        typer.Option(help="Drive on until it is proven, or refuted, at 95 % that fewer than this share of runs fail."),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Drive each failed run again to find out which part failed.")
    ] = False,
    workers: Workers = CORES,
    where: WhereOption = Where.LOCAL,
    address: Address = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Drive every scenario and judge it. The exit status is 0 only if every run held that must hold."""
    from scenarios.baseline import load_baseline, scenarios_of
    from scenarios.scenario import choose, load_catalogue

    chosen = choose(load_catalogue(catalogue), families=family or [], required=required)
    _refuse_clashes(eyes, runs, seed, baseline, update_baseline, reason, until_proven, latency)
    require_places(out, junit=junit)
    if baseline is not None and (baseline.exists() or not update_baseline):
        # The same worlds as then, whatever is asked for: others would compare nothing.
        old = load_baseline(baseline)
        eyes, runs, seed = eyes or TestEyesName(old.eyes), runs or old.runs, old.seed if seed is None else seed
        chosen = chosen if update_baseline else scenarios_of(old, chosen)
    engine = make_engine(backend, precision)
    cluster = where.cluster(address)
    eyes, first, count = eyes or TestEyesName.NETWORK, seed or 0, runs or 1
    if until_proven is not None:
        _test_until_proven(
            chosen, eyes.value, until_proven, first, weights, engine, out, films, workers, cluster, quiet, as_json
        )
        return
    from scenarios.run import run_catalogue

    names = ("oracle", "blind", "network") if eyes is TestEyesName.ALL else (eyes.value,)
    driven: list[Results] = []
    for name in names:
        with progress_bar(f"Driving with {name} eyes", quiet) as progress:
            driven.append(
                run_catalogue(
                    chosen,
                    name,
                    runs=count,
                    seed=first,
                    weights=weights,
                    engine=engine,
                    workers=workers,
                    cluster=cluster,
                    progress=progress,
                )
            )
    _report_test(
        driven,
        weights,
        engine,
        junit,
        out,
        films,
        why,
        against,
        baseline,
        update_baseline,
        reason,
        latency,
        workers,
        quiet,
        as_json,
    )


def _refuse_clashes(
    eyes: TestEyesName | None,
    runs: int | None,
    seed: int | None,
    baseline: Path | None,
    update_baseline: bool,
    reason: str,
    until_proven: float | None,
    latency: bool,
) -> None:
    """Refuse options that say two things at once, before anything is driven."""
    if update_baseline and (baseline is None or not reason.strip()):
        raise typer.BadParameter("Expected --baseline and --reason with --update-baseline. Received: not both.")
    if baseline is not None and not update_baseline and (eyes or runs or seed is not None):
        raise typer.BadParameter(
            "Expected --baseline alone to say eyes, runs and seed. Received: one of these as well."
        )
    if baseline is not None and eyes is TestEyesName.ALL:
        raise typer.BadParameter("Expected one kind of eyes with --baseline. Received: all.")
    if latency and baseline is None:
        raise typer.BadParameter("Expected --baseline with --latency. Received: none.")
    if until_proven is not None:
        if not 0.0 < until_proven < 1.0:
            raise typer.BadParameter(f"Expected --until-proven to be above 0 and below 1. Received: {until_proven}.")
        if runs is not None or baseline is not None or eyes is TestEyesName.ALL:
            raise typer.BadParameter(
                "Expected --until-proven to say how many runs, with one kind of eyes. "
                "Received: --runs, --baseline or --eyes all as well."
            )


def _test_until_proven(
    chosen: tuple[Scenario, ...],
    eyes: str,
    rate: float,
    seed: int,
    weights: Path | None,
    engine: Engine,
    out: Path | None,
    films: int,
    workers: int,
    cluster: Cluster | None,
    quiet: bool,
    as_json: bool,
) -> None:
    from scenarios.proof import Claim, prove
    from scenarios.report import to_json
    from scenarios.statistics import plan_proof

    plan = plan_proof(rate, of=len(chosen))
    first, last = plan.looks[0], plan.looks[-1]
    say(
        f"The plan, laid down now: {first.runs} runs without a failure prove it; failures allow for later looks, "
        f"up to {last.allowed} in {last.runs} runs. Both decisions hold at 95 %, however often it is looked at.",
        quiet,
    )
    with progress_bar(f"Driving with {eyes} eyes", quiet) as progress:
        proof = prove(
            chosen,
            eyes,
            rate,
            seed=seed,
            weights=weights,
            engine=engine,
            workers=workers,
            cluster=cluster,
            progress=progress,
        )
    _write_report([proof.results], weights, engine, None, out, films, None, workers, quiet)
    if as_json:
        print_json({**to_json(proof.results), "proof": proof.to_dict()})
    elif not quiet:
        print_results(proof.results)
    say(f"{proof.claim.value} Claimed: under {rate:g}. {proof.failures} of {proof.runs} runs failed.", as_json)
    if proof.claim is not Claim.PROVEN:
        raise typer.Exit(1)


def _report_test(
    driven: list[Results],
    weights: Path | None,
    engine: Engine,
    junit: Path | None,
    out: Path | None,
    films: int,
    why: bool,
    against: Path | None,
    baseline: Path | None,
    update_baseline: bool,
    reason: str,
    latency: bool,
    workers: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Hold what was driven against baseline and earlier results, write and print all, and leave with the status."""
    from scenarios.baseline import hold_against, load_baseline, updated, write_baseline
    from scenarios.compare import compare, load_results, recorded
    from scenarios.report import failure_line, to_json

    results = driven[-1]
    comparison = compare(load_results(against), recorded(results)) if against is not None else None
    gate = None
    if baseline is not None:
        measured = _measure_latency(weights, engine) if latency else None
        if update_baseline:
            old = load_baseline(baseline) if baseline.exists() else None
            write_baseline(updated(old, results, reason, measured), baseline)
        else:
            gate = hold_against(load_baseline(baseline), results, measured)
    causes = explain_failures(results, weights, engine, out, workers, quiet) if why else []
    three = _write_report(driven, weights, engine, junit, out, films, gate, workers, quiet)
    if as_json:
        plain = to_json(results) if three is None else three.to_dict()
        more = {"comparison": comparison, "gate": gate}
        found = {"why": plain_causes(causes)} if why else {}
        print_json({**plain, **{key: value.to_dict() for key, value in more.items() if value is not None}, **found})
    elif not quiet:
        for each in driven:
            print_results(each)
        if comparison is not None:
            print_comparison(comparison)
    else:
        for verdict in results.failures:
            typer.echo(failure_line(verdict))
    if causes and not as_json:
        print_causes(causes)
    if gate is not None and not as_json:
        for told in (
            *(f"Worse: {line}" for line in gate.worse),
            *(f"Better: {line}" for line in gate.better),
            *gate.notes,
        ):
            typer.echo(told)
        typer.echo("Nothing got worse." if gate.open else f"{len(gate.worse)} things got worse than the baseline.")
    if three is not None and not as_json:
        typer.echo(three.headline)
    if update_baseline:
        say(f"Baseline: {baseline}", quiet)
        return
    held = gate.open if gate is not None else three.held if three is not None else not results.counted_failures
    if not held:
        raise typer.Exit(1)


def _measure_latency(weights: Path | None, engine: Engine) -> Latency:
    from perception.benchmark import benchmark_inference
    from scenarios.baseline import Latency
    from sim.benchmark import machine

    return Latency(
        machine=machine(), median_ms=round(benchmark_inference(weights, threads=None, engine=engine).median_ms, 3)
    )


def _write_report(
    driven: list[Results],
    weights: Path | None,
    engine: Engine,
    junit: Path | None,
    out: Path | None,
    films: int,
    gate: Gate | None,
    workers: int,
    quiet: bool,
) -> ThreeEyes | None:
    """Write what is asked for, of the last results; return what all three eyes come to, if they drove."""
    from scenarios.page import write_page
    from scenarios.report import write_json, write_junit
    from scenarios.three_eyes import ThreeEyes

    results = driven[-1]
    three = ThreeEyes(*driven) if len(driven) == 3 else None
    if junit is not None:
        write_junit(results, junit)
    if out is not None:
        write_json(results, out / "results.json")
        for other in driven[:-1]:
            write_json(other, out / f"results-{other.eyes}.json")
        filmed = keep_failures(results, weights, engine, out, films, workers, quiet)
        write_page(results, out / "index.html", failures=filmed, three=three, gate=gate)
        say(f"Report: {out / 'index.html'}", quiet)
    return three

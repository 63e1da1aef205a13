"""The catalogue of drives, and the code that runs, judges and reports them.

scenario.py   what is to be driven and what is expected of the drive; reading it from TOML
outcomes.py   what a drive came to: findings, measures, the verdict
rules.py      one rule for each expectation
judge.py      the rules together, fed tick by tick
run.py        one run, or the whole catalogue on all cores
scoring.py    the same by CARLA's rules
report.py     counts by scenario and family, JUnit XML and JSON
statistics.py exact bounds and tests; a plan for proving a rate
proof.py      driving on until a claim is proven or refuted
compare.py    two results on the same runs
three_eyes.py what perception costs
baseline.py   what results are held against, and the gate
page.py       the report as one page; trace.py, what its plots are drawn from
lint.py       checking files without driving, and their schema
rewards.py    the judge's rules as what a learner is paid at each step
environment.py
              the drive as a Gymnasium environment; needs the extra `gym`
"""

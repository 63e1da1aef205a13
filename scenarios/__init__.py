"""The catalogue of drives, and the code that runs, judges and reports them.

scenario.py   what is to be driven and what is expected of the drive; reading it from TOML
outcomes.py   what a drive came to: findings, measures, the verdict
rules.py      one rule for each expectation
judge.py      the rules together, fed tick by tick
run.py        one run, or the whole catalogue on all cores
report.py     tables, JUnit XML, JSON and films
rewards.py    the judge's rules as what a learner is paid at each step
environment.py
              the drive as a Gymnasium environment; needs the extra `gym`
"""

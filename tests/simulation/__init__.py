"""Whole crawls in virtual time: the real pipeline and store on a scripted network, disk and clock.

From one seed come a web with its troubles (`world`), the order in which it answers (`network`), the
pace of the disk and what happens to the process (`process`): signals, limits, deaths at any moment
or SQL statement, faults of the disk, another run that takes over. A *schedule* is a sequence of
runs over one database until its cycles have ended (`schedule`). An hour of it costs milliseconds.

What must hold at any moment, and what at the end, are the `laws`: conservation, politeness,
fairness, no lost wake-up, an end, no form sent twice. `mutants` takes rules out of the scraper,
one at a time: the laws must notice.

    python -m tests.simulation --seed 17 -v     the same world, the same schedule, the same diary
    make simulate SEED=1000 SECONDS=600         as many as time allows

What is real: `run`, `seeds`, `frontier`, `robots`, `gate`, `crawl`, all of `store` and `core`.
What is not: HTTP (`fetch`), extraction (`parse`), threads, the file system under SQLite. Where a
bound is only reached by large crawls, `schedule` makes it small.
"""

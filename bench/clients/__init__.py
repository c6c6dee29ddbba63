"""What is measured beside the scraper. Each client is a program of its own with the same arguments.

SEEDS is a file of URLs; with `--follow N` the links are followed until N pages were fetched. The
rows go into a new SQLite file, table `product`; a line of JSON on standard output tells the loop's
lag where the client has a loop of its own.
"""

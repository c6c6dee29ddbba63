"""The commands beside `run`: their words and options, handed to `app`."""

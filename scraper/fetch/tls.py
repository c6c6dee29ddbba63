"""What TLS connections trust, and what they show."""

from __future__ import annotations

import ssl

from scraper.core.errors import UsageError
from scraper.core.plan import FetchPlan


def tls(plan: FetchPlan) -> ssl.SSLContext | bool:
    """Return what aiohttp's `ssl` takes; without files of the plan the library's own context.

    Raises:
        UsageError: a file is no longer what it was when the config was checked.
    """
    if plan.ca_file is None and plan.client_cert is None:
        return plan.verify_tls
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))
    if not plan.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    key = "fetch.ca_file"
    try:
        if plan.ca_file is not None:
            context.load_verify_locations(plan.ca_file)
        key = "fetch.client_cert"
        if plan.client_cert is not None:
            # a passphrase would be asked for on the terminal
            context.load_cert_chain(*plan.client_cert, password=lambda: "")
    except OSError as error:  # of which ssl.SSLError is one
        raise UsageError(f"{key}: cannot be read any more: {error.strerror}") from error
    return context

"""Certificates: files that must be there and right when a config is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, model_validator

from scraper.config.scalars import TEXT_SCHEMA, Reads, Text, text
from scraper.config.section import Section
from scraper.config.values import RefusedError, shown


class _PassphraseError(Exception):
    """A key wants a passphrase."""


def _readable(written: str) -> str:
    try:
        with Path(written).open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "is no path"
        raise RefusedError(f"{shown(written)} cannot be read: {why}") from None
    return str(written)


def ca_file(value: object) -> str:
    """A PEM file of certificates to trust."""
    import ssl  # not needed by most configs

    written = text(value)
    path = _readable(written)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(path)
    except OSError:  # of which ssl.SSLError is one
        raise RefusedError(f"{shown(written)} holds no certificates in PEM") from None
    return written


class ClientCertConfig(Section):
    """The certificate that says who we are."""

    cert: Text
    """A PEM file with the certificate, and those between it and its authority if there are any."""

    key: Text | None = None
    """A PEM file with its key, without a passphrase; default: the key is in `cert`."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        import ssl

        cert, key = _readable(self.cert), _readable(self.key) if self.key else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_cert_chain(cert, key, password=_no_passphrase)
        except _PassphraseError:
            raise RefusedError("the key has a passphrase: write it without one") from None
        except OSError as error:
            if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
                raise RefusedError("the key is not that of the certificate") from None
            where = (
                shown(self.cert)
                if self.key is None
                else f"{shown(self.cert)} and {shown(self.key)}"
            )
            raise RefusedError(f"no certificate with its key in {where}, in PEM") from None
        return self


def _no_passphrase() -> str:
    raise _PassphraseError


def _cert_alone(value: object) -> object:
    return {"cert": value} if isinstance(value, str) else value


CaFile = Annotated[str, Reads(ca_file, TEXT_SCHEMA, "file")]
ClientCert: TypeAlias = Annotated[
    ClientCertConfig, BeforeValidator(_cert_alone, json_schema_input_type=str | ClientCertConfig)
]

"""`python -m shopsync_pipeline.devstore`: the dev store from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from shopsync_pipeline.devstore.config import PLANS, SERVED_INDEX_LAG_MS, DevStoreError
from shopsync_pipeline.devstore.server import serve


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the options in a sentence, without the whole list of them."""

    def error(self, message: str) -> NoReturn:
        raise DevStoreError(f"{message}; --help tells the options")


def run(arguments: list[str] | None = None) -> None:
    """Serves until stopped. Raises DevStoreError with a sentence when it cannot start or an option cannot be used."""
    parser = _Parser(prog="devstore", description="A local Shopify Admin GraphQL API on loopback.")
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 picks a free one")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file that holds the shop")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--shop", default="demo-store.myshopify.com", help="the shop's myshopify domain")
    parser.add_argument("--token", default="devstore-token", help="the access token clients must send")
    parser.add_argument("--plan", default="standard", choices=list(PLANS), help="which points bucket the shop has")
    parser.add_argument("--latency-ms", type=int, default=0, help="added to every API answer, in milliseconds")
    parser.add_argument("--speed", type=float, default=1.0, help="multiplies the restore rate of the bucket")
    parser.add_argument("--currency", default="USD", help="the shop's currency, an ISO 4217 code")
    parser.add_argument("--location", action="append", help="a location of a new shop; repeat it for more")
    parser.add_argument(
        "--index-lag-ms", type=int, default=SERVED_INDEX_LAG_MS, help="how far search is behind, in milliseconds"
    )
    parser.add_argument(
        "--operation-delay-ms", type=int, default=0, help="how long an asynchronous product operation takes"
    )
    parser.add_argument("--media-delay-ms", type=int, default=0, help="how long a new file is processed")
    parser.add_argument("--client-id", default="devstore-client", help="the app's id, for the client-credentials grant")
    parser.add_argument("--client-secret", default="devstore-secret", help="the app's secret")
    parser.add_argument("--tls-cert", type=Path, help="PEM certificate; with --tls-key, the dev store speaks https")
    parser.add_argument("--tls-key", type=Path, help="PEM private key of the certificate")
    given = parser.parse_args(arguments)
    serve(
        host=given.host,
        port=given.port,
        state_path=given.state,
        shop=given.shop,
        access_token=given.token,
        plan=given.plan,
        latency_ms=given.latency_ms,
        speed=given.speed,
        currency=given.currency,
        locations=given.location or ["Main warehouse"],
        index_lag_ms=given.index_lag_ms,
        operation_delay_ms=given.operation_delay_ms,
        media_delay_ms=given.media_delay_ms,
        client_id=given.client_id,
        client_secret=given.client_secret,
        tls_cert=given.tls_cert,
        tls_key=given.tls_key,
    )


def main(arguments: list[str] | None = None) -> int:
    """Serves until stopped; returns 0, or 2 with a sentence when it cannot start."""
    try:
        run(arguments)
    except DevStoreError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

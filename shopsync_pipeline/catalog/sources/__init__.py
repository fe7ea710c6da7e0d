"""Where deliveries come from: a path of this machine, or a folder or file on an FTP, FTPS or SFTP server."""

from __future__ import annotations

from shopsync_pipeline.catalog.sources.credentials import Credentials
from shopsync_pipeline.catalog.sources.fetch import Fetched, Look, fetch, look
from shopsync_pipeline.catalog.sources.location import Address, Location, parse
from shopsync_pipeline.catalog.sources.remote import Listing, Patience, RemoteFile

__all__ = ["Address", "Credentials", "Fetched", "Listing", "Location", "Look", "Patience", "RemoteFile", "fetch",
           "look", "parse"]

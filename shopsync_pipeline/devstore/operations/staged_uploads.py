"""stagedUploadsCreate: a place on this dev store to send each file to."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.bulk.staging import FOLDERS, stage, target
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values.user_errors import user_error


@mutation("stagedUploadsCreate")
def staged_uploads_create(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """One target for each input, all or none; a kind of file this shop cannot store is refused."""
    errors = []
    for index, given in enumerate(arguments["input"]):
        if given["resource"] not in FOLDERS:
            sentence = f"{given['resource']} cannot be uploaded to this shop"
            errors.append(user_error(["input", str(index), "resource"], sentence))
        if not given["filename"].strip("/ "):
            errors.append(user_error(["input", str(index), "filename"], "Filename can't be blank"))
    if errors:
        return {"stagedTargets": None, "userErrors": errors}
    records = [stage(context.store, given) for given in arguments["input"]]
    return {"stagedTargets": [target(context.store, record) for record in records], "userErrors": []}

"""Each product's place in a category tree: Etilize's, or the distributor's own where it was delivered.

The distributor's tree replaces Etilize's in the shop only; specification sheets always follow Etilize's category.
"""

from __future__ import annotations

from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.core.errors import CatalogError

_MAPPED = ("mapped_category", "mapped_category_names", "mapped_category_taxonomy")


def arrange_tree(stage: Stage, wanted: str, account: Account) -> None:
    """`placed` (productid, mapped, node, file, line), `node` (mapped, node, parent) and `node_name` (mapped, node,
    name). The row is the one that says the node.

    `wanted`: `etilize`, `mapped`, or `auto`: the distributor's tree if all three files of it have rows, and Etilize's
    for products that have no named place in it. Raises `CatalogError` when `mapped` is wanted and not there.
    """
    missing = [name for name in _MAPPED
               if not stage.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]]
    if wanted == "mapped" and missing:
        raise CatalogError(
            f"The mapping file asks for the distributor's category tree (category_tree = \"mapped\"), and the delivery "
            f"has no rows of {', '.join(missing)}; deliver Extras/mapped_category*.txt, let extras name "
            "mapped_category, or set category_tree = \"auto\".")
    mapped = wanted != "etilize" and not missing
    if wanted == "auto" and missing and len(missing) < len(_MAPPED):
        account.counts["mapped_category.incomplete"] += 1
    stage.execute("""
        CREATE TABLE node AS
        SELECT false AS mapped, categoryid AS node, parentcategoryid AS parent FROM category
        UNION ALL SELECT true, categoryid, parentcategoryid FROM mapped_category_taxonomy""")
    stage.execute("""
        CREATE TABLE node_name AS
        SELECT false AS mapped, categoryid AS node, trim(name) AS name FROM categorynames
        WHERE here(localeid) AND name IS NOT NULL
        UNION ALL SELECT true, categoryid, trim(name) FROM mapped_category_names
        WHERE here(localeid) AND name IS NOT NULL""")
    if not mapped:
        stage.execute("""
            CREATE TEMP TABLE placed AS SELECT productid, false AS mapped, categoryid AS node, file, line FROM sold""")
        return
    otherwise = "sold.categoryid" if wanted == "auto" else "NULL"
    stage.execute(f"""
        CREATE TEMP TABLE placed AS
        WITH own AS (
            SELECT productid, m.categoryid AS node, m.file, m.line FROM mapped_category AS m
            WHERE EXISTS (SELECT 1 FROM node_name AS n WHERE n.mapped AND n.node = m.categoryid)
        )
        SELECT sold.productid, own.node IS NOT NULL AS mapped, coalesce(own.node, {otherwise}) AS node,
            coalesce(own.file, sold.file) AS file, coalesce(own.line, sold.line) AS line
        FROM sold LEFT JOIN own USING (productid)""")
    rows = stage.execute("SELECT count(*) FROM placed WHERE NOT mapped").fetchall()[0][0]
    if rows:
        account.counts["products.without_mapped_category"] += rows


class Paths:
    """The paths of names through both trees, in memory."""

    def __init__(self, stage: Stage) -> None:
        """Reads the trees that `arrange_tree` left."""
        self._parents: dict[tuple[bool, int], int | None] = {
            (mapped, node): parent for mapped, node, parent in stage.execute("SELECT * FROM node").fetchall()}
        self._names: dict[tuple[bool, int], str] = {
            (mapped, node): name
            for mapped, node, name in stage.execute("SELECT * FROM node_name ORDER BY ALL").fetchall()}
        self._paths: dict[tuple[bool, int], tuple[str, ...]] = {}

    def path(self, mapped: bool, node: int | None) -> tuple[str, ...]:
        """Names down to the node: in Etilize's tree from below the root, whose name says nothing; in the distributor's
        from its top. A loop or a missing parent ends the path."""
        if node is None:
            return ()
        if (mapped, node) not in self._paths:
            found: list[str] = []
            seen: set[int] = set()
            current: int | None = node
            while current and current not in seen:
                seen.add(current)
                parent = self._parents.get((mapped, current))
                if not parent and not mapped:
                    break
                if (mapped, current) in self._names:
                    found.append(self._names[mapped, current])
                current = parent
            self._paths[mapped, node] = tuple(reversed(found))
        return self._paths[mapped, node]

"""Comparing with an older system: what is the same is the same, each difference is counted once, and shown."""

from __future__ import annotations

from shopsync_pipeline.core.compare import Comparison, Verdict, markdown, under_our_names
from shopsync_pipeline.core.fields import Path, Value


def fields(**values: Value) -> dict[Path, Value]:
    return {Path(path): value for path, value in values.items()}


def verdicts(ours: dict[Path, Value], theirs: dict[Path, Value]) -> dict[str, Verdict]:
    return {str(one.path): one.verdict for one in Comparison().add("p", ours, theirs)}


def test_each_way_to_differ_has_its_name() -> None:
    assert verdicts(fields(title="A", vendor="V", handle="h"), fields(title="B", handle="h", product_type="T")) == {
        "title": Verdict.DIFFERENT, "vendor": Verdict.ONLY_OURS, "product_type": Verdict.ONLY_THEIRS}


def test_space_makes_no_difference() -> None:
    assert verdicts(fields(title=" A  b ", tags=["x "]), fields(title="A b", tags=["x"])) == {}


def test_variants_are_compared_by_sku_whatever_they_are_called() -> None:
    ours = fields(**{"variants[S1].sku": "S1", "variants[S1].price": "1.00", "variants[S2].sku": "S2",
                     "variants[S2].price": "2.00"})
    theirs = fields(**{"variants[Red].sku": "S2", "variants[Red].price": "2.50", "variants[Blue].sku": "S1",
                       "variants[Blue].price": "1.00"})
    assert verdicts(ours, theirs) == {"variants[S2].price": Verdict.DIFFERENT}


def test_the_only_variant_is_the_only_variant() -> None:
    theirs = fields(**{"variants[Default Title].price": "1.00"})
    assert under_our_names(fields(**{"variants[S1].price": "1.00"}), theirs) == fields(**{"variants[S1].price": "1.00"})


def test_agreement_is_told_per_field_over_what_the_other_side_speaks_of() -> None:
    found = Comparison()
    for number in range(10):
        title = "other" if number == 0 else f"T{number}"
        list(found.add(f"p{number}", fields(title=f"T{number}", vendor="V"), fields(title=title)))
    found.add_only_ours("mine")
    found.add_only_theirs("yours")

    assert found.fields["title"].counts == {Verdict.SAME: 9, Verdict.DIFFERENT: 1, Verdict.ONLY_OURS: 0,
                                            Verdict.ONLY_THEIRS: 0}
    assert (found.both, found.only_ours, found.only_theirs) == (10, 1, 1)
    assert not found.fields["vendor"].spoken_of
    assert found.share == 0.9
    told = markdown(found, source="old.csv")
    assert "**90.0% of the values are the same**, over 10 products that both have." in told
    assert "Only ours: 1 (such as mine). Only theirs: 1 (such as yours)." in told
    assert "| title | 9 | 1 | 0 | 0 | 90.0% |" in told
    assert "Not in the other file at all: vendor." in told
    assert "| p0 | title | T0 | other | different |" in told


def test_few_examples_are_kept_and_all_differences_given() -> None:
    found = Comparison()
    given = [one for number in range(20) for one in found.add(f"p{number}", fields(title="a"), fields(title="b"))]
    assert len(given) == 20
    assert [one.product for one in found.fields["title"].examples] == [f"p{number}" for number in range(5)]


def test_values_are_no_markup() -> None:
    found = Comparison()
    list(found.add("p", fields(title="a | <b>"), fields(title="c")))
    assert "| p | title | a \\| &lt;b> | c | different |" in markdown(found, source="old.csv")

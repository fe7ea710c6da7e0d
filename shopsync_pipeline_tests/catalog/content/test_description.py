"""The description of a product: what a parser finds in the HTML is what the catalog said, and nothing that runs."""

from __future__ import annotations

import html
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.content.record import Bullet, ContentRecord, Spec, Text
from shopsync_pipeline.catalog.rules import CatalogRules, ProductRules
from shopsync_pipeline_tests.catalog.content.projecting import product_of

ALLOWED = {"b", "br", "em", "h3", "h4", "i", "li", "ol", "p", "strong", "sub", "sup", "table", "tbody", "td", "th",
           "tr", "ul"}


class Page(HTMLParser):
    """What a parser sees: tags, attributes, and the text of each element of some kinds."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append("!--")


def body_of(record: ContentRecord, **product: object) -> str:
    rules = CatalogRules(product=replace(ProductRules(), **product))  # type: ignore[arg-type]
    return product_of(record, rules).body_html or ""


def described(*specs: Spec, marketing: str = "", bullets: tuple[str, ...] = ()) -> str:
    texts = (Text(4, marketing),) if marketing else ()
    return body_of(ContentRecord(productid=5, texts=texts, specs=specs, bullets=tuple(map(Bullet, bullets))))


def test_text_is_escaped_exactly_once() -> None:
    body = described(Spec("H", 'Size "A"', 3417, '15.9"'), Spec("H", 'Size "A"', 3417, "a<b"),
                     marketing="Hook & Loop &amp; more <5 lb")
    assert body == ("<p>Hook &amp; Loop &amp; more &lt;5 lb</p><table><tbody>"
                    '<tr><th colspan="2">H</th></tr><tr><td>Size "A"</td><td>15.9"<br>a&lt;b</td></tr></tbody></table>')


def test_markup_of_the_catalog_stays_and_scripts_go() -> None:
    source = "<p onclick='x()'>Hi<script>alert(1)</script></p><ul><li>a</li></ul>"
    assert described(marketing=source, bullets=("b",)) == "<p>Hi</p><ul><li>a</li></ul><ul><li>b</li></ul>"


def test_inline_markup_becomes_a_paragraph_and_blank_lines_make_paragraphs() -> None:
    assert described(marketing="<b>Bright</b> white") == "<p><b>Bright</b> white</p>"
    assert described(marketing="One.\r\n \r\nTwo & three.") == "<p>One.</p><p>Two &amp; three.</p>"


def test_the_spec_table_has_a_row_per_header_and_one_per_attribute() -> None:
    body = described(Spec("A", "x", 341, "1"), Spec("A", "x", 341, "2"), Spec("A", "x", 341, "1"),
                     Spec("A", "y", 342, "2"), Spec("B", "z", 343, "3"), Spec(None, None, 344, "hidden"),
                     Spec("B", "w", 345, "  "))
    assert body == ('<table><tbody><tr><th colspan="2">A</th></tr><tr><td>x</td><td>1<br>2</td></tr>'
                    '<tr><td>y</td><td>2</td></tr><tr><th colspan="2">B</th></tr><tr><td>z</td><td>3</td></tr>'
                    "</tbody></table>")


def test_an_attribute_of_another_header_is_another_row() -> None:
    body = described(Spec("A", "x", 341, "1"), Spec("B", "x", 341, "1"), Spec("", "y", 342, "1"),
                     Spec("", "z", 343, "1"))
    assert body.count("<tr><td>x</td><td>1</td></tr>") == 2
    assert body.count("<th") == 2
    assert body.count("<tr>") == body.count("</tr>") == 6


def test_marketing_text_leads_and_is_not_repeated_in_the_table() -> None:
    body = body_of(ContentRecord(productid=5, texts=(Text(1, "Full"),), specs=(
        Spec("H", "Marketing Information", 341452, "<p>Great</p>"), Spec("H", "Size", 349999, "L"))))
    assert body == ('<p>Great</p><table><tbody><tr><th colspan="2">H</th></tr>'
                    "<tr><td>Size</td><td>L</td></tr></tbody></table>")


def test_features_of_the_description_types_join_the_bullets() -> None:
    record = ContentRecord(productid=5, texts=(Text(20, "A"), Text(21, "B"), Text(20, "D")),
                           bullets=(Bullet("B"), Bullet("C"), Bullet("B")))
    assert body_of(record) == "<ul><li>B</li><li>C</li><li>A</li><li>D</li></ul>"


def test_a_bullet_that_brings_its_own_list_is_one_item() -> None:
    assert described(bullets=("<li>5 &lt; 6</li>",)) == "<ul><li>5 &lt; 6</li></ul>"


def test_a_ready_sheet_is_taken_where_there_are_no_single_values() -> None:
    record = ContentRecord(productid=5, specs_html="<ul><li>Size: L</li></ul><script>x</script>")
    assert body_of(record) == "<ul><li>Size: L</li></ul>"


def test_the_mapping_can_leave_table_and_bullets_out() -> None:
    record = ContentRecord(productid=5, specs=(Spec("H", "x", 341, "1"),), bullets=(Bullet("b"),),
                           specs_html="<p>s</p>")
    assert body_of(record, spec_table=False, bullets=False) == ""


PIECES = st.lists(st.sampled_from([
    "<p>", "</p>", "<b>", "<li>", "<ul>", "</ul>", "<table>", "<td>", "</td>", "<tr>", "<script>", "</script>",
    "<style>", "<a href='javascript:x()'>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "<p onclick=x>", "<div style=x>", "<!--", "-->", "<![CDATA[", "<math><mtext>", "<iframe src=x>", "<noscript>",
    "<textarea>",
    "<title>", "&lt;script&gt;", "&amp;lt;b&amp;gt;", "&#60;script&#62;", "&", "<", ">", '"', "'", "x", " text ",
    "\n\n", "\x00", "]]>", "=", "/",
]), max_size=12).map("".join)
ANY = st.one_of(PIECES, st.text(max_size=30))


@given(marketing=ANY, bullet=ANY, header=ANY, name=ANY, value=ANY, sheet=ANY)
@example(marketing="<p><script>alert(1)</script>", bullet="<li", header="<b", name="</td><script>", value="<p",
         sheet="<")
def test_nothing_that_runs_survives_whatever_the_catalog_says(
    marketing: str, bullet: str, header: str, name: str, value: str, sheet: str,
) -> None:
    record = ContentRecord(productid=5, texts=(Text(4, marketing),), bullets=(Bullet(bullet),), specs=(
        Spec(header, name, 341, value), Spec(header, name, 341, bullet), Spec(None, name, 342, marketing)))
    for source in (record, replace(record, specs=(), specs_html=sheet)):
        page = Page(body_of(source))
        assert set(page.tags) <= ALLOWED
        assert set(page.attributes) <= {"colspan", "scope"}


PLAIN = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="<"), min_size=1,
                max_size=40).filter(
    lambda text: text.strip())


def words(text: str) -> list[str]:
    """Text as a reader sees it: entities decoded once, white space is one space."""
    return html.unescape(text).split()


@given(marketing=PLAIN, bullet=PLAIN, header=PLAIN, name=PLAIN, value=PLAIN)
def test_plain_text_shows_as_the_same_text(marketing: str, bullet: str, header: str, name: str, value: str) -> None:
    page = Page(described(Spec(header, name, 341, value), marketing=marketing, bullets=(bullet,)))
    said = [marketing, bullet, header, name, value]
    assert [word for text in page.texts for word in text.split()] == [word for text in said for word in words(text)]


@given(st.text(max_size=20).filter(lambda text: text.strip()))
def test_a_less_than_sign_in_text_is_text(text: str) -> None:
    page = Page(described(marketing=f"1 < {html.escape(text)}"))
    assert "".join("".join(page.texts).split()).startswith("1<")

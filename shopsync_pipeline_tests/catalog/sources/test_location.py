"""What an operator may write for a delivery's place, what is refused, and that no password is ever repeated."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.sources import Address, parse
from shopsync_pipeline.core.errors import CatalogError


@pytest.mark.parametrize(("written", "path"), [
    ("/data/etilize", "/data/etilize"), ("export", "export"), ("./a b/export.zip", "a b/export.zip"),
    ("file:///data/a%20b", "/data/a b"), ("FILE://localhost/data", "/data"), ("file:///C:/data", "C:/data"),
    (" /data/etilize\n", "/data/etilize"), ("C:\\data\\x@y", "C:\\data\\x@y"),
    ("/data/me@here/x:y", "/data/me@here/x:y"),
])
def test_a_path_is_a_path(written: str, path: str) -> None:
    assert parse(written) == Path(path)


def test_a_path_that_is_one_already_stays() -> None:
    assert parse(Path("ftp:/odd")) == Path("ftp:/odd")


@pytest.mark.parametrize(("written", "expected"), [
    ("ftp://ftp.etilize.com/Enhanced_Content", Address("ftp", "ftp.etilize.com", 21, "/Enhanced_Content")),
    ("ftp://ftp.etilize.com", Address("ftp", "ftp.etilize.com", 21, "/")),
    ("FTPS://Ftp.Example.COM:2121//a//b/", Address("ftps", "ftp.example.com", 2121, "/a/b")),
    ("sftp://dealer@host/x", Address("sftp", "host", 22, "/x", user="dealer")),
    ("sftp://dealer%40corp@host/x", Address("sftp", "host", 22, "/x", user="dealer@corp")),
    ("sftp://dealer@corp@host/x", Address("sftp", "host", 22, "/x", user="dealer@corp")),
    ("sftp://[::1]:2222/x", Address("sftp", "::1", 2222, "/x")),
    ("ftp://host/SKU D&H/a%23b%2Cc#d", Address("ftp", "host", 21, "/SKU D&H/a#b,c#d")),
    ("sftp://host/~/in", Address("sftp", "host", 22, "/in", from_home=True)),
    ("ftp://host/a/**/*_mysql.zip", Address("ftp", "host", 21, "/a", "**/*_mysql.zip")),
    ("ftp://host/*.csv", Address("ftp", "host", 21, "/", "*.csv")),
    ("ftp://host/a/EN_??/x", Address("ftp", "host", 21, "/a", "EN_??/x")),
])
def test_an_address_is_read(written: str, expected: Address) -> None:
    assert parse(written) == expected


@pytest.mark.parametrize("written", [
    "ftp://me:hush@host/x", "sftp://me:hush@host:22/x", "ftps://me:@host/", "FTP://me:hu/sh@host/x", "file://me:hush@/x",
    "http://me:hush@host/x", "ftp://:hush@host/x", "me:hush@host/x", "me:hush@ftp.host", "ftp://a@b:hush@host/x",
])
def test_a_password_in_an_address_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(CatalogError) as error:
        parse(written)
    assert "hush" not in str(error.value)
    if "hu/sh" not in written:
        assert "SHOPSYNC_SOURCE_PASSWORD" in str(error.value)


@pytest.mark.parametrize(("written", "told"), [
    ("http://host/x", "begins with http://; write a path"), ("s3://bucket/x", "begins with s3://"),
    ("file://fileserver/x", "file://fileserver/… names another machine"), ("ftp:///x", "names no host"),
    ("ftp://host:0/x", "names no host"), ("ftp://host:99999/x", "names no host"), ("ftp://host:ftp/x", "names no host"),
    ("ftps://host:990/x", "implicit TLS"), ("ftp://host/a/../b", "holds .. or a control character"),
    ("ftp://host/a/%2e%2e/b", "holds .. or a control character"), ("ftp://host/a%0d%0aDELE b", "control character"),
    ("ftp://host/a**b/x", "has ** inside a name"),
])
def test_what_cannot_be_an_address_is_refused_with_the_way_out(written: str, told: str) -> None:
    with pytest.raises(CatalogError) as error:
        parse(written)
    assert told in str(error.value)


@pytest.mark.parametrize(("written", "shown"), [
    ("sftp://dealer@host/~/in/*.zip", "sftp://host/~/in/*.zip"), ("ftp://host:21/", "ftp://host/"),
    ("ftps://[::1]:2121/a b", "ftps://[::1]:2121/a b"), ("sftp://host/~/", "sftp://host/~/"),
])
def test_an_address_is_shown_without_its_user(written: str, shown: str) -> None:
    assert str(parse(written)) == shown


def test_each_address_has_a_folder_of_its_own() -> None:
    written = ["ftp://a/x", "ftps://a/x", "ftp://a:22/x", "ftp://b@a/x", "ftp://a/y", "ftp://a/*", "ftp://a/~/x"]
    slugs = {parse(one).slug for one in written}  # type: ignore[union-attr]
    assert len(slugs) == len(written)


@given(st.text())
def test_whatever_is_written_is_a_place_or_a_sentence(written: str) -> None:
    place = None
    with suppress(CatalogError):
        place = parse(written)
    if isinstance(place, Address):
        assert "/" not in place.slug
        assert place.slug.isprintable()
        assert place.path.startswith("/")

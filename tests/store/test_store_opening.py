"""What an operator reads when the store cannot be opened."""

from __future__ import annotations

import pytest

from gateway.store import Store
from gateway.store.addresses import parse_address
from gateway.store.database import Database
from gateway.store.errors import StoreError


async def test_an_unknown_kind_of_database_is_named() -> None:
    with pytest.raises(StoreError, match=r"mysql is no database.*use sqlite:///PATH"):
        await Database.open("mysql://localhost/x")


async def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(StoreError, match="no database URL"):
        await Database.open("gateway.db")


async def test_an_sqlite_database_needs_a_file() -> None:
    with pytest.raises(StoreError, match="needs a file"):
        await Database.open("sqlite://")


async def test_the_folder_of_the_database_is_made(tmp_path) -> None:
    opened = await Database.open(f"sqlite:///{tmp_path}/new/folder/gateway.db")
    await opened.close()
    assert (tmp_path / "new/folder/gateway.db").exists()
    assert (tmp_path / "new/folder").stat().st_mode & 0o777 == 0o700


async def test_the_file_of_the_database_is_its_owners_only(tmp_path) -> None:
    opened = await Database.open(f"sqlite:///{tmp_path}/gateway.db")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("gateway.db*")}
    await opened.close()
    assert modes["gateway.db"] == 0o600
    assert set(modes.values()) == {0o600}


async def test_a_folder_in_the_place_of_the_file_is_an_error_with_a_remedy(tmp_path) -> None:
    with pytest.raises(StoreError, match=r"cannot open the database(.|\n)*can be written to"):
        await Database.open(f"sqlite:///{tmp_path}")


async def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot make the data directory.*\n.*--data-dir"):
        await Database.open(f"sqlite:///{tmp_path}/file/gateway.db")


async def test_a_data_directory_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"keys.json cannot be written.*\n.*--data-dir"):
        await Store.open(f"sqlite:///{tmp_path}/x.db", tmp_path / "file" / "data", "demo")


async def test_a_file_that_is_no_database_is_an_error_with_a_remedy(tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be read as one" * 40)
    with pytest.raises(StoreError, match=r"not a database(.|\n)*can be written to"):
        await Database.open(f"sqlite:///{tmp_path}/notes.txt")


async def test_a_server_that_does_not_answer_is_an_error_with_a_remedy() -> None:
    with pytest.raises(
        StoreError, match=r"Check that a PostgreSQL server answers at 127\.0\.0\.1:1"
    ):
        await Database.open("postgresql://ann:secret-word@127.0.0.1:1/gateway")


async def test_the_password_of_a_url_is_never_shown() -> None:
    with pytest.raises(StoreError) as raised:
        await Database.open("postgresql://ann:secret-word@127.0.0.1:1/gateway")
    assert "secret-word" not in str(raised.value)
    assert "postgresql://ann:***@127.0.0.1:1/gateway" in str(raised.value)


async def test_a_database_that_does_not_exist_is_an_error_with_a_remedy(place) -> None:
    if place.schema is None:
        pytest.skip("SQLite makes its file")
    url, _, _ = place.url.rpartition("/")
    with pytest.raises(StoreError, match="createdb no_such_database"):
        await Database.open(f"{url}/no_such_database")


async def test_a_user_that_does_not_exist_is_an_error_with_a_remedy(place) -> None:
    if place.schema is None:
        pytest.skip("SQLite has no users")
    address = parse_address(place.url).set(
        drivername="postgresql", username="no_such_user", password="wrong"
    )
    try:
        opened = await Database.open(address.render_as_string(hide_password=False))
    except StoreError as error:
        assert "Check the user name and the password" in str(error)
    else:
        await opened.close()
        pytest.skip("this server trusts everybody")


def test_sslmode_of_copied_urls_is_understood() -> None:
    address = parse_address("postgres://db/gateway?sslmode=require")
    assert address.drivername == "postgresql+asyncpg"
    assert dict(address.query) == {"ssl": "require"}

"""Real bundles through the API: imported or refused with their mistakes, never a failure."""

from pathlib import Path

import pytest

from gateway.bundle.diagnostics import BundleError
from gateway.bundle.files import read_path, write_zip

CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real bundles is not here")
async def test_real_bundles_are_imported_shown_and_exported(api):
    folders = sorted({path.parent for path in CORPUS.glob("*/*/apiproxy")})[::25]
    assert folders
    for number, folder in enumerate(folders):
        try:
            archive = write_zip(read_path(folder))
        except BundleError:
            continue
        name = f"p{number}"
        checked = await api.post(f"/apis?action=import&name={name}", archive)
        assert checked.status in (201, 400), checked.text
        kept = await api.post(f"/apis?action=import&name={name}&validate=false", archive)
        assert kept.status == 201
        place = f"/apis/{name}/revisions/{kept.json['revision']}"
        for part in ("", "/policies", "/proxies", "/targets", "/resourcefiles"):
            assert (await api.get(place + part)).status == 200
        for endpoint in kept.json["proxies"]:
            assert (await api.get(f"{place}/proxies/{endpoint}")).status == 200
        for target in kept.json["targets"]:
            assert (await api.get(f"{place}/targets/{target}")).status == 200
        assert (await api.get(f"{place}?format=bundle")).content == archive

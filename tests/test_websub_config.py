"""Which hubs the feeds name, by what the config says."""

from __future__ import annotations

from pathlib import Path

import pytest
from atom_rules import violations

from aggregator.config import load
from aggregator.formats.atom import render
from aggregator.model import Page

OWN = "https://planet.example/hub"
OTHER = "https://hub.example/"


@pytest.mark.parametrize(
    ("head", "hubs"),
    [
        ("site: {base_url: 'https://planet.example/'}", (OWN,)),
        ("", ()),
        ("websub: {hub: own}", ("http://127.0.0.1:8080/hub",)),
        ("site: {base_url: 'https://planet.example'}\nwebsub: {hub: false}", ()),
        (f"site: {{base_url: 'https://planet.example'}}\nwebsub: {{hub: '{OTHER}'}}", (OTHER,)),
        (f"site: {{base_url: 'https://planet.example'}}\nwebsub: {{hub: [own, '{OTHER}', own]}}", (OWN, OTHER)),
    ],
)
def test_feeds_name_the_hubs_of_the_config_and_else_our_own_where_the_site_has_an_address(
    tmp_path: Path, head: str, hubs: tuple[str, ...]
) -> None:
    config = tmp_path / "aggregator.yaml"
    config.write_text(f"{head}\nsources: [{{url: 'https://a.example/feed'}}]\n", "utf-8")
    site = load(config, {}).site
    assert site.hubs == hubs
    body = render(Page("category/all/", "Everything", site, None, ())).body
    assert violations(body) == []
    assert body.count(b'rel="hub"') == len(hubs)
    assert all(f'<link href="{hub}" rel="hub"/>'.encode() in body for hub in hubs)

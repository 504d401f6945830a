from __future__ import annotations

from collections.abc import Callable

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from server.guard import is_loopback
from tests.server.site import Site


def test_another_web_site_cannot_write(site: Site) -> None:
    job = site.submit("cactus")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = site.http.post(f"/api/jobs/{job.id}/cancel", headers=headers)
        assert answer.status_code == 403
        assert "another web site" in answer.json()["error"]
        assert "access-control-allow-origin" not in answer.headers
    assert site.services.jobs.get(job.id).state == "queued"


def test_the_own_page_and_programs_can(site: Site) -> None:
    own = {"Origin": f"http://127.0.0.1:{site.port}", "Sec-Fetch-Site": "same-origin"}
    job = site.submit("cactus")
    assert site.http.post(f"/api/jobs/{job.id}/cancel", headers=own).status_code == 200
    assert site.http.post(f"/api/jobs/{job.id}/cancel").status_code == 200


def test_another_web_site_cannot_listen(site: Site) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(site.events_url, origin="https://evil.example"):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403


def test_a_foreign_name_for_this_machine_is_refused(site: Site) -> None:
    answer = site.http.get("/api/jobs", headers={"Host": "rebound.example"})
    assert answer.status_code == 403
    assert "own address" in answer.json()["error"]


def test_a_server_for_the_network_has_any_name(site_in: Callable[..., Site]) -> None:
    site = site_in(host="0.0.0.0")
    assert site.http.get("/api/jobs", headers={"Host": "forge.studio.lan"}).status_code == 200
    assert site.http.post("/api/jobs/cancel", headers={"Origin": "https://evil.example"}).status_code == 403


def test_pages_may_not_load_from_or_send_to_elsewhere(site: Site) -> None:
    policy = site.http.get("/api/health").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http:" not in policy and "https:" not in policy


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.9.9.9", True), ("10.0.0.2", False), ("", False)],
)
def test_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local

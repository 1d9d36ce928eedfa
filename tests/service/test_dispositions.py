"""What people say about anomalies on pages: the buttons, and who said what when."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.service import service
from tests.support.stocked import TABLE, create_orders

HTML = {"Accept": "text/html"}


def test_people_say_on_a_page_what_an_anomaly_is_worth(tmp_path: Path) -> None:
    with service(tmp_path) as site:
        create_orders(site.quality.engine)
        found = site.quality.profile(TABLE)
        anomaly = found.tables[0].anomalies[0]
        editor, viewer = site.as_("editor"), site.as_("viewer")
        form = f"/anomalies/{anomaly.anomaly_id}/disposition"
        for address in (f"/tables/{anomaly.table_id}", f"/profiles/{anomaly.profile_run_id}"):
            assert f'action="{form}"' in editor.get(address, headers=HTML).text
            said = editor.post(form, data={"disposition": "dismissed", "back": address})
            assert (said.status_code, said.headers["location"]) == (303, address)
            shown = editor.get(address, headers=HTML).text
            assert re.search(r"dismissed</span>.*by editor of default, <time ", shown)
            assert ">dismissed</span>" in viewer.get(address, headers=HTML).text
            back = editor.post(form, data={"disposition": "", "back": address})
            assert back.status_code == 303
            assert ">dismissed</span>" not in editor.get(address, headers=HTML).text
        assert form not in viewer.get(address, headers=HTML).text
        assert viewer.post(form, data={"disposition": "muted"}).status_code == 403

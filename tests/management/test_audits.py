"""Audit records: reference/runtime/management-api.md section 7."""

AUDITS = "/v1/audits/organizations/demo"


async def test_every_write_leaves_a_record_in_edges_shape(api):
    await api.product()
    records = (await api.get(f"{AUDITS}?expand=true")).json["auditRecord"]
    assert records[0].pop("timeStamp") > 1_600_000_000_000
    assert records == [
        {
            "operation": "CREATE", "request": "{}", "requestUri": "/organizations/demo/apiproducts",
            "responseCode": "201", "user": "admin@example.com",
        }
    ]  # fmt: skip


async def test_refused_writes_are_recorded_with_their_code(api):
    await api.delete("/apiproducts/X")
    (record,) = (await api.get(AUDITS)).json["auditRecord"]
    assert (record["operation"], record["responseCode"]) == ("DELETE", "404")


async def test_reads_leave_no_record(api):
    await api.get("/apis")
    assert (await api.get(AUDITS)).json["auditRecord"] == []


async def test_records_tell_the_action_and_no_secret(api):
    await api.app()
    keys = "/developers/ann@example.com/apps/app/keys"
    await api.post(f"{keys}/create", {"consumerKey": "k", "consumerSecret": "hush-hush"})
    await api.post("/developers/ann@example.com/apps/app?action=revoke&password=hush-hush")
    answer = await api.get(AUDITS)
    assert "hush-hush" not in answer.text
    assert answer.json["auditRecord"][0]["requestUri"].endswith("/apps/app?action=revoke")


async def test_records_are_chosen_by_time_and_place(api):
    await api.product()
    await api.developer()
    assert (await api.get(f"{AUDITS}?endTime=1")).json["auditRecord"] == []
    chosen = (await api.get(f"{AUDITS}/developers")).json["auditRecord"]
    assert [record["requestUri"] for record in chosen] == ["/organizations/demo/developers"]


async def test_the_short_form_of_a_path_is_recorded_in_the_long_one(api):
    await api.post("/v1/o/demo/apiproducts", {"name": "P"})
    (record,) = (await api.get(AUDITS)).json["auditRecord"]
    assert record["requestUri"] == "/organizations/demo/apiproducts"

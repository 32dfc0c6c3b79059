"""What real bundles do that a naive reader would not expect: all of it is read.

Source: reference/runtime/flows.md section 1 and a survey of 419 public bundles.
"""

import pytest

from gateway.bundle.model import (
    HTTPTargetConnection,
    LocalTargetConnection,
    OtherTarget,
)
from tests.bundle.samples import (
    URL,
    bundle_files,
    endpoint,
    names,
    policy,
    read,
    warnings_of,
)


def target(content, **more):
    return read(bundle_files(target=content, **more)).target_endpoints["default"]


# -- the root manifest is no authority


def test_a_bundle_without_root_manifest_is_read():
    files = bundle_files()
    del files["apiproxy/weather.xml"]
    assert read(files, "weather").name == "weather"


def test_the_name_given_at_deployment_wins():
    assert read(bundle_files(), "forecast").name == "forecast"


def test_the_name_of_the_manifest_beats_its_file_name():
    files = bundle_files()
    files["apiproxy/proxy.xml"] = files.pop("apiproxy/weather.xml")
    assert read(files).name == "weather"


def test_a_manifest_without_name_is_named_by_its_file():
    assert read(bundle_files(**{"weather.xml": "<APIProxy/>"})).name == "weather"


def test_a_second_manifest_changes_nothing():
    assert read(bundle_files(**{"zzz.xml": '<APIProxy name="other"/>'})).name == "weather"


def test_a_manifest_that_lists_missing_policies_and_omits_others_is_no_error():
    manifest = '<APIProxy name="weather"><Policies><Policy>Gone</Policy></Policies></APIProxy>'
    bundle = read(bundle_files(**{"weather.xml": manifest}))
    assert list(bundle.policies) == ["A", "B", "C"]


def test_what_the_manifest_tells_is_kept():
    manifest = (
        '<APIProxy name="w" revision="7"><DisplayName>W</DisplayName>'
        "<Description>d</Description><CreatedBy>me@example.com</CreatedBy></APIProxy>"
    )
    bundle = read(bundle_files(**{"weather.xml": manifest}))
    told = (bundle.revision, bundle.display_name, bundle.description, bundle.created_by)
    assert told == ("7", "W", "d", "me@example.com")


@pytest.mark.parametrize(
    "stray",
    [
        "stepdefinitions/S.xml",
        "policies/old/S.xml",
        "policies/S.xml.partial",
        "policies/notes.md",
        "policy-templates/S.xml",
        "README.md",
    ],
)
def test_stray_files_and_folders_are_not_read(stray):
    assert list(read(bundle_files(**{stray: "<no xml"})).policies) == ["A", "B", "C"]


# -- names


def test_policies_are_found_by_their_name_attribute():
    files = bundle_files(
        "<PreFlow><Request><Step><Name>OauthV2.Verify</Name></Step></Request></PreFlow>",
        **{"policies/OAuthV2.Verify.xml": policy("OauthV2.Verify", kind="OAuthV2")},
    )
    assert read(files).policies["OauthV2.Verify"].file == "apiproxy/policies/OAuthV2.Verify.xml"


def test_a_policy_without_name_attribute_is_named_by_its_file():
    assert "D" in read(bundle_files(**{"policies/D.xml": "<AssignMessage/>"})).policies


def test_names_may_hold_blanks_and_dots():
    files = bundle_files(**{"policies/x.xml": policy("Verify API Key 1.0-a_b$%")})
    assert "Verify API Key 1.0-a_b$%" in read(files).policies


def test_the_name_attribute_of_an_endpoint_decides():
    route = "<RouteRule><TargetEndpoint>facebook</TargetEndpoint></RouteRule>"
    files = bundle_files(route, **{"targets/default.xml": '<TargetEndpoint name="facebook"/>'})
    assert list(read(files).target_endpoints) == ["facebook"]


def test_disabled_and_unattached_policies_are_read():
    files = bundle_files(
        **{"policies/D.xml": '<Quota name="D" enabled="false" continueOnError="true"/>'}
    )
    found = read(files).policies["D"]
    assert (found.enabled, found.continue_on_error, found.is_async) == (False, True, False)


def test_a_policy_knows_its_type_and_element():
    found = read(bundle_files(**{"policies/D.xml": "\n" + policy("D", "<X/>", "Quota")}))
    definition = found.policies["D"]
    assert (definition.type, definition.line) == ("Quota", 2)
    assert definition.element.find("X") is not None


# -- steps


def test_a_condition_before_the_name():
    found = endpoint(
        "<PreFlow><Request><Step><Condition> a = b </Condition><Name>A</Name></Step></Request>"
        "</PreFlow>"
    )
    (step,) = found.pre_flow.request
    assert (step.name, step.condition.text) == ("A", "a = b")


def test_an_empty_condition_is_none():
    found = endpoint(
        "<PreFlow><Request><Step><Name>A</Name><Condition> </Condition></Step></Request></PreFlow>"
    )
    assert found.pre_flow.request[0].condition is None


def test_a_condition_over_several_lines_knows_its_line():
    found = endpoint(
        "<Flows>\n<Flow name='f'>\n<Condition>(a = &quot;b&quot;)\n or c</Condition></Flow></Flows>"
    )
    condition = found.flows[0].condition
    assert (condition.text, condition.line) == ('(a = "b")\n or c', 5)
    assert condition.file == "apiproxy/proxies/default.xml"


def test_the_response_before_the_request():
    flow = endpoint(
        "<PreFlow><Response><Step><Name>B</Name></Step></Response>"
        "<Request><Step><Name>A</Name></Step></Request></PreFlow>"
    ).pre_flow
    assert (names(flow.request), names(flow.response)) == (["A"], ["B"])


def test_left_over_fault_rules_in_a_step_and_a_policy_are_ignored():
    files = bundle_files(
        "<PreFlow><Request><Step><FaultRules><FaultRule name='x'><Step><Name>Gone</Name></Step>"
        "</FaultRule></FaultRules><Name>A</Name></Step></Request></PreFlow>",
        **{"policies/A.xml": policy("A", "<FaultRules><FaultRule/></FaultRules>")},
    )
    assert names(read(files).proxy_endpoints["default"].pre_flow.request) == ["A"]
    assert warnings_of(files) == []


def test_a_step_directly_in_a_flow_runs_in_its_request():
    files = bundle_files("<PreFlow><Step><Name>A</Name></Step></PreFlow>")
    assert names(read(files).proxy_endpoints["default"].pre_flow.request) == ["A"]
    (warning,) = warnings_of(files)
    assert "a <Step> directly in <PreFlow> runs in its request" in warning


def test_a_name_directly_in_a_request_is_a_step():
    found = endpoint("<PreFlow><Request><Name>A</Name><Name>B</Name></Request></PreFlow>")
    assert names(found.pre_flow.request) == ["A", "B"]


def test_an_empty_step_is_no_step():
    assert endpoint("<PreFlow><Request><Step/></Request></PreFlow>").pre_flow.request == ()


# -- flows and rules


def test_a_post_flow_inside_of_flows():
    found = endpoint(
        "<Flows><PostFlow><Response><Step><Name>A</Name></Step></Response></PostFlow></Flows>"
    )
    assert names(found.post_flow.response) == ["A"]
    assert found.flows == ()


def test_a_default_fault_rule_inside_of_fault_rules():
    found = endpoint(
        "<FaultRules><FaultRule name='r'><Step><Name>A</Name></Step></FaultRule>"
        "<DefaultFaultRule><Step><Name>B</Name></Step><AlwaysEnforce>true</AlwaysEnforce>"
        "</DefaultFaultRule></FaultRules>"
    )
    assert [rule.name for rule in found.fault_rules] == ["r"]
    assert names(found.default_fault_rule.steps) == ["B"]
    assert found.default_fault_rule.always_enforce


def test_a_condition_after_the_steps_of_a_fault_rule():
    found = endpoint(
        "<FaultRules><FaultRule name='r'><Step><Name>A</Name></Step>"
        "<Condition>fault.name = x</Condition></FaultRule></FaultRules>"
    )
    assert found.fault_rules[0].condition.text == "fault.name = x"


def test_flows_without_names_are_counted():
    found = endpoint("<Flows><Flow/><Flow name='b'/></Flows><Flows><Flow/></Flows>")
    assert [flow.name for flow in found.flows] == ["Flow1", "b", "Flow3"]


def test_a_route_rule_without_name_or_target_is_a_null_route():
    (rule,) = endpoint("<RouteRule/>").route_rules
    assert rule.target_endpoint is rule.url is rule.integration_endpoint is rule.condition is None


def test_an_unconditional_route_rule_may_come_first():
    found = endpoint(
        "<RouteRule name='a'/><RouteRule name='b'><Condition>x</Condition>"
        "<URL>https://example.com</URL></RouteRule>"
    )
    assert [rule.name for rule in found.route_rules] == ["a", "b"]
    assert found.route_rules[1].url == "https://example.com"


@pytest.mark.parametrize("name", ["PreFlow", "PostFlow", "PostClientFlow", "EventFlow"])
def test_every_kind_of_flow_is_read_in_a_proxy_endpoint(name):
    found = endpoint(f"<{name}><Response><Step><Name>A</Name></Step></Response></{name}>")
    flows = {
        "PreFlow": found.pre_flow,
        "PostFlow": found.post_flow,
        "PostClientFlow": found.post_client_flow,
        "EventFlow": found.event_flow,
    }
    assert names(flows.pop(name).response) == ["A"]
    assert set(flows.values()) == {None}


def test_an_event_flow_of_a_target_is_read():
    found = target(
        '<EventFlow content-type="text/event-stream"><Response><Step><Name>A</Name></Step>'
        "</Response></EventFlow>" + URL
    )
    assert names(found.event_flow.response) == ["A"]


def test_empty_elements_mean_absent():
    found = endpoint("<Description/><PreFlow/><Flows/><FaultRules/><DefaultFaultRule/>")
    assert found.description == ""
    assert found.pre_flow.request == found.flows == found.fault_rules == ()
    assert found.default_fault_rule.steps == ()


# -- connections


def test_an_http_connection_with_all_its_parts():
    found = target(
        "<HTTPTargetConnection><LoadBalancer/><Path> /x </Path><SSLInfo/><Authentication/>"
        "<HealthMonitor/><Properties><Property name=' success.codes '> 2xx </Property>"
        "</Properties></HTTPTargetConnection>"
    ).connection
    assert isinstance(found, HTTPTargetConnection)
    assert (found.url, found.path) == (None, "/x")
    assert found.properties == {"success.codes": "2xx"}
    parts = (found.load_balancer, found.ssl_info, found.authentication, found.health_monitor)
    assert None not in parts


def test_a_local_connection():
    found = target(
        "<LocalTargetConnection><APIProxy>p</APIProxy><ProxyEndpoint>default</ProxyEndpoint>"
        "</LocalTargetConnection>"
    ).connection
    assert isinstance(found, LocalTargetConnection)
    assert (found.api_proxy, found.proxy_endpoint, found.path) == ("p", "default", None)


@pytest.mark.parametrize("name", ["ScriptTarget", "HostedTarget"])
def test_other_targets_are_kept_as_written(name):
    found = target(f"<{name}><X/></{name}>").connection
    assert isinstance(found, OtherTarget)
    assert found.element.find("X") is not None


def test_a_target_without_connection():
    assert target("").connection is None


# -- base paths


def test_a_missing_base_path_is_the_root():
    files = bundle_files(**{"proxies/default.xml": '<ProxyEndpoint name="default"/>'})
    assert read(files).base_paths == ("/",)


def test_a_base_path_without_slash_is_read_with_a_warning():
    text = (
        '<ProxyEndpoint name="default"><HTTPProxyConnection>\n<BasePath>v1</BasePath>'
        "</HTTPProxyConnection></ProxyEndpoint>"
    )
    files = bundle_files(**{"proxies/default.xml": text})
    assert read(files).base_paths == ("/v1",)
    assert warnings_of(files) == [
        "apiproxy/proxies/default.xml:2: warning: <BasePath> 'v1' is read as '/v1'"
    ]


def test_a_base_path_beyond_ascii_is_read_with_a_warning():
    text = (
        '<ProxyEndpoint name="default"><HTTPProxyConnection><BasePath>/wetter/größe</BasePath>'
        "</HTTPProxyConnection></ProxyEndpoint>"
    )
    (warning,) = warnings_of(bundle_files(**{"proxies/default.xml": text}))
    assert warning.endswith("matches no request: write it percent-encoded")


def test_one_base_path_may_be_the_beginning_of_another():
    other = (
        '<ProxyEndpoint name="other"><HTTPProxyConnection><BasePath>/v1</BasePath>'
        "</HTTPProxyConnection></ProxyEndpoint>"
    )
    files = bundle_files(**{"proxies/other.xml": other})
    assert set(read(files).base_paths) == {"/v1", "/v1/weather"}


def test_the_same_base_path_on_another_virtual_host():
    one, other = (
        f'<ProxyEndpoint name="{host}"><HTTPProxyConnection><BasePath>/v1</BasePath>'
        f"<VirtualHost>{host}</VirtualHost></HTTPProxyConnection></ProxyEndpoint>"
        for host in ("default", "secure")
    )
    files = bundle_files(**{"proxies/default.xml": one, "proxies/secure.xml": other})
    hosts = [found.virtual_hosts for found in read(files).proxy_endpoints.values()]
    assert hosts == [("default",), ("secure",)]


# -- elements without effect


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<Statistics/>", "<Statistics> in a <ProxyEndpoint> has no effect"),
        (
            "<Flows><Flow name='f'><Conditon>x</Conditon></Flow></Flows>",
            "<Conditon> in a <Flow> has no effect; did you mean 'Condition'?",
        ),
        (
            "<RouteRule name='r'><TargetEndPoint>x</TargetEndPoint></RouteRule>",
            "did you mean 'TargetEndpoint'?",
        ),
        ("<PreFlow/><PreFlow/>", "a second <PreFlow> in a <ProxyEndpoint> has no effect"),
        (
            "<PreFlow><Request><Step><Name>A</Name><Name>B</Name></Step></Request></PreFlow>",
            "a second <Name> in a <Step> has no effect: the first counts",
        ),
    ],
)
def test_what_has_no_effect_is_a_warning(content, said):
    (warning,) = warnings_of(bundle_files(content))
    assert warning.startswith("apiproxy/proxies/default.xml:3: warning: ")
    assert said in warning


def test_elements_of_parts_that_others_read_are_not_judged():
    files = bundle_files(
        target="<HTTPTargetConnection><LoadBalancer><Odd/></LoadBalancer><HealthMonitor>"
        "<HTTPMonitor><Request><Verb>GET</Verb></Request></HTTPMonitor></HealthMonitor>"
        "</HTTPTargetConnection>"
    )
    assert warnings_of(files) == []


# -- resources and shared flows


def test_resources_are_found_by_their_url():
    files = bundle_files() | {
        "apiproxy/resources/jsc/a.js": b"1",
        "apiproxy/resources/jsc/lib/b.js": b"\xff\0",
        "apiproxy/resources/properties/p.properties": b"k=v",
    }
    resources = read(files).resources
    assert set(resources) == {"jsc://a.js", "jsc://lib/b.js", "properties://p.properties"}
    found = resources["jsc://lib/b.js"]
    assert (found.type, found.name, found.content) == ("jsc", "lib/b.js", b"\xff\0")


def test_a_shared_flow_bundle_is_read():
    files = {
        "sharedflowbundle/log.xml": b'<SharedFlowBundle name="log" revision="2"/>',
        "sharedflowbundle/sharedflows/default.xml": b'<SharedFlow name="default"><Step><Name>A'
        b"</Name><Condition>x</Condition></Step></SharedFlow>",
        "sharedflowbundle/policies/A.xml": b'<Quota name="A"/>',
    }
    bundle = read(files)
    assert (bundle.kind, bundle.name, bundle.revision) == ("sharedflowbundle", "log", "2")
    assert names(bundle.shared_flows["default"].steps) == ["A"]
    assert bundle.base_paths == ()


# -- encodings


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_marks_and_windows_line_ends_are_read(mark):
    files = bundle_files("<PreFlow>\n<Request><Step><Name>A</Name></Step></Request></PreFlow>")
    path = "apiproxy/proxies/default.xml"
    declared = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    files[path] = mark + declared + files[path].replace(b"\n", b"\r\n")
    (step,) = read(files).proxy_endpoints["default"].pre_flow.request
    assert (step.name, step.line) == ("A", 5)


def test_a_templated_namespace_in_a_payload_survives():
    payload = "<soap:Envelope xmlns:soap='{soap.uri}'><soap:Body/></soap:Envelope>"
    files = bundle_files(
        **{"policies/D.xml": policy("D", f"<Set><Payload>{payload}</Payload></Set>")}
    )
    assert read(files).policies["D"].element.find("Set/Payload").markup == payload

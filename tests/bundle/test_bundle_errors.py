"""Bundles that cannot be deployed: all errors at once, with file, line and remedy."""

import pytest

from gateway.bundle.diagnostics import BundleError, Diagnostics, Place
from gateway.bundle.reader import read_bundle
from tests.bundle.samples import URL, bundle_files, policy, read


def errors(files, **options):
    with pytest.raises(BundleError) as refused:
        read_bundle(files, **options)
    return [str(diagnostic) for diagnostic in refused.value.diagnostics]


def request(*steps):
    inside = "".join(f"<Step><Name>{name}</Name></Step>" for name in steps)
    return f"<PreFlow><Request>{inside}</Request></PreFlow>"


# -- diagnostics


def test_a_diagnostic_reads_as_file_line_message():
    found = Diagnostics()
    found.error(Place("a.xml", 3), "x")
    found.warning(Place("a.xml"), "y")
    assert [str(item) for item in found.all] == ["a.xml:3: x", "a.xml: warning: y"]


def test_the_same_finding_is_told_once():
    found = Diagnostics()
    found.error(Place("a.xml", 3), "x")
    found.error(Place("a.xml", 3), "x")
    assert len(found.errors) == 1


def test_warnings_alone_raise_nothing():
    found = Diagnostics()
    found.warning(Place("a.xml"), "y")
    found.raise_if_errors()


# -- steps and policies


def test_a_step_without_policy_is_an_error_with_a_suggestion():
    assert errors(bundle_files(request("A", "Bb"), policies=("A", "Bbb"))) == [
        "apiproxy/proxies/default.xml:3: <Step> 'Bb': there is no such policy; did you mean 'Bbb'?"
    ]


def test_a_step_without_policy_and_without_likeness():
    (error,) = errors(bundle_files(request("AM-SetPKCEMode")))
    assert error.endswith("<Step> 'AM-SetPKCEMode': there is no such policy in policies/")


def test_a_step_that_names_the_file_is_told_the_name_in_it():
    files = bundle_files(request("VerifyKey"), **{"policies/VerifyKey.xml": policy("Verify-Key")})
    (error,) = errors(files)
    assert error.endswith("there is no such policy; policies/VerifyKey.xml holds 'Verify-Key'")


def test_a_name_that_differs_in_case_is_suggested():
    (error,) = errors(bundle_files(request("VERIFY"), policies=("verify", "Var")))
    assert error.endswith("; did you mean 'verify'?")


@pytest.mark.parametrize(
    "place",
    [
        "<PreFlow><Response>{}</Response></PreFlow>",
        "<PostFlow><Request>{}</Request></PostFlow>",
        "<PostClientFlow><Response>{}</Response></PostClientFlow>",
        "<EventFlow><Response>{}</Response></EventFlow>",
        "<Flows><Flow name='f'><Request>{}</Request></Flow></Flows>",
        "<FaultRules><FaultRule name='r'>{}</FaultRule></FaultRules>",
        "<DefaultFaultRule>{}</DefaultFaultRule>",
    ],
)
def test_steps_of_every_place_are_checked(place):
    content = place.format("<Step><Name>Gone</Name></Step>")
    (error,) = errors(bundle_files(content))
    assert "apiproxy/proxies/default.xml:3: <Step> 'Gone'" in error
    if "PostClientFlow" not in place:
        (error,) = errors(bundle_files(target=content + URL))
        assert "apiproxy/targets/default.xml:2: <Step> 'Gone'" in error


def test_steps_of_a_shared_flow_are_checked():
    files = {
        "sharedflowbundle/sharedflows/default.xml": b'<SharedFlow name="default"><Step><Name>A'
        b"</Name></Step></SharedFlow>",
        "apiproxy-policies/A.xml": b'<Quota name="A"/>',
    }
    assert "<Step> 'A': there is no such policy" in errors(files, name="log")[0]


def test_a_step_without_name_is_an_error():
    (error,) = errors(bundle_files("<PreFlow><Request><Step>A</Step></Request></PreFlow>"))
    assert "a <Step> needs a <Name>" in error


def test_two_policies_of_one_name_are_an_error():
    files = bundle_files(**{"policies/Other.xml": policy("A")})
    assert errors(files) == [
        "apiproxy/policies/Other.xml:1: there are two policies named 'A'; "
        "the other is apiproxy/policies/A.xml"
    ]


def test_a_malformed_policy_is_not_missing_as_well():
    files = bundle_files(request("A"), **{"policies/A.xml": "<AssignMessage>"})
    assert errors(files) == [
        "apiproxy/policies/A.xml:1: not well-formed XML: no element found; "
        "<AssignMessage> of line 1 is not closed"
    ]


# -- endpoints and routes


def test_two_endpoints_of_one_name_are_an_error():
    files = bundle_files(**{"proxies/z.xml": '<ProxyEndpoint name="default"/>'})
    assert "there are two ProxyEndpoints named 'default'" in errors(files)[0]
    files = bundle_files(target=URL, **{"targets/z.xml": '<TargetEndpoint name="default"/>'})
    assert "there are two TargetEndpoints named 'default'" in errors(files)[0]


def test_a_route_to_an_unknown_target_is_an_error():
    route = "<RouteRule name='r'><TargetEndpoint>{}</TargetEndpoint></RouteRule>"
    assert errors(bundle_files(route.format("defualt"), target=URL)) == [
        "apiproxy/proxies/default.xml:3: RouteRule 'r': there is no TargetEndpoint 'defualt'; "
        "did you mean 'default'?"
    ]
    (error,) = errors(bundle_files(route.format("x")))
    assert error.endswith("there is no TargetEndpoint 'x' in targets/")


def test_a_route_with_two_destinations_is_an_error():
    route = "<RouteRule name='r'><TargetEndpoint>default</TargetEndpoint><URL>http://x</URL></RouteRule>"
    (error,) = errors(bundle_files(route, target=URL))
    assert error.endswith("RouteRule 'r' has more than one destination")


def test_two_connections_are_an_error():
    (error,) = errors(bundle_files(target=URL + "\n<HostedTarget/>"))
    assert error == (
        "apiproxy/targets/default.xml:3: a TargetEndpoint has one connection, "
        "here are <HTTPTargetConnection> and <HostedTarget>"
    )


def test_a_proxy_without_endpoint_is_an_error():
    files = {"apiproxy/weather.xml": b'<APIProxy name="weather"/>'}
    assert errors(files) == ["apiproxy/proxies: a proxy needs at least one ProxyEndpoint"]


@pytest.mark.parametrize("files", [{}, {"sharedflowbundle/a.xml": b"<SharedFlowBundle name='a'/>"}])
def test_a_shared_flow_bundle_without_flow_is_an_error(files):
    assert errors(files) == [
        "sharedflowbundle/sharedflows: a shared flow bundle needs a SharedFlow"
    ]


def test_an_endpoint_in_the_wrong_folder_is_an_error():
    files = bundle_files(**{"targets/t.xml": '<ProxyEndpoint name="t"/>'})
    assert errors(files) == [
        "apiproxy/targets/t.xml:1: <ProxyEndpoint> in targets/, where <TargetEndpoint> belongs"
    ]


# -- base paths


def with_base_path(path, hosts="", name="other"):
    return (
        f'<ProxyEndpoint name="{name}"><HTTPProxyConnection>\n<BasePath>{path}</BasePath>{hosts}'
        "</HTTPProxyConnection></ProxyEndpoint>"
    )


@pytest.mark.parametrize("path", ["/**", "/*/search", "/a//b", "{{ BASE }}"])
def test_a_base_path_that_cannot_be_served_is_an_error(path):
    (error,) = errors(bundle_files(**{"proxies/other.xml": with_base_path(path)}))
    assert error.startswith(f"apiproxy/proxies/other.xml:2: <BasePath> '{path}' ")


def test_two_endpoints_with_one_base_path_are_an_error():
    files = bundle_files(**{"proxies/other.xml": with_base_path("/v1/weather/")})
    (error,) = errors(files)
    assert "'default' and 'other' have the same base path /v1/weather" in error


def test_an_endpoint_of_all_hosts_clashes_with_one_of_a_named_host():
    hosts = "<VirtualHost>secure</VirtualHost>"
    files = bundle_files(**{"proxies/other.xml": with_base_path("/v1/weather", hosts)})
    assert "have the same base path" in errors(files)[0]


# -- names and placeholders


@pytest.mark.parametrize("name", ["{{ x }}", "AM-${X}", "@X@-1"])
def test_placeholders_that_nobody_filled_in_are_named(name):
    (error,) = errors(bundle_files(**{"policies/D.xml": policy(name)}))
    assert "holds the unfilled placeholder" in error
    (error,) = errors(bundle_files(request(name)))
    assert f"<Step> '{name}' holds the unfilled placeholder" in error
    (error,) = errors(bundle_files(**{"targets/t.xml": f'<TargetEndpoint name="{name}"/>'}))
    assert "holds the unfilled placeholder" in error


@pytest.mark.parametrize("name", ["a/b", "a:b", "ä", "a&lt;b", "a\nb?"])
def test_names_of_other_letters_are_an_error(name):
    (error,) = errors(bundle_files(**{"policies/D.xml": policy(name)}))
    assert "may hold letters, digits, blanks and . _ - $ % only" in error


@pytest.mark.parametrize("name", ["Firestore Quickstart", "$PROXY_NAME", "@ProxyName@"])
def test_a_bundle_needs_a_name_that_fits_into_a_url(name):
    files = bundle_files(**{"weather.xml": f'<APIProxy name="{name}"/>'})
    (error,) = errors(files)
    assert error.startswith(f"apiproxy/weather.xml:1: '{name}' cannot be the bundle's name")
    assert read(files, "quickstart").name == "quickstart"


# -- resources


def javascript(url, kind="ResourceURL"):
    return {"policies/JS.xml": policy("JS", f"\n<{kind}>{url}</{kind}>", "Javascript")}


@pytest.mark.parametrize("kind", ["ResourceURL", "IncludeURL", "OASResource", "Source"])
def test_a_missing_resource_is_an_error(kind):
    assert errors(bundle_files(**javascript("jsc://x.js", kind))) == [
        "apiproxy/policies/JS.xml:2: policy 'JS': there is no resource jsc://x.js "
        "(resources/jsc/x.js)"
    ]


def test_a_resource_with_a_likely_name_is_suggested():
    files = bundle_files(**javascript("jsc://setup.js")) | {"apiproxy/resources/jsc/Setup.js": b""}
    (error,) = errors(files)
    assert error.endswith("did you mean 'jsc://Setup.js'?")


def test_a_resource_of_the_environment_is_no_error():
    files = bundle_files(**javascript("jsc://x.js"))
    assert read(files, known_resources=lambda url: url == "jsc://x.js")


@pytest.mark.parametrize("text", ["{jsc}://x", "request", "jsc://{name}.js", "https://x/y.wsdl"])
def test_other_texts_are_no_resources(text):
    assert read(bundle_files(**javascript(text, "Source")))


# -- all at once


def test_all_errors_are_told_at_once():
    files = bundle_files(
        request("Gone"),
        **{
            "policies/D.xml": "<Quota",
            "policies/E.xml": "<!DOCTYPE x><Quota/>",
            "targets/t.xml": "<X/>",
            "weather.xml": "\n<?xml version='1.0'?><APIProxy/>",
        },
    )
    assert {error.split(":")[0] for error in errors(files)} == {
        "apiproxy/policies/D.xml",
        "apiproxy/policies/E.xml",
        "apiproxy/targets/t.xml",
        "apiproxy/weather.xml",
        "apiproxy/proxies/default.xml",
    }

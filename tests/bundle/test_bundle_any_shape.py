"""Endpoints and policies of any shape are read or refused, never anything else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bundle.diagnostics import BundleError
from gateway.bundle.reader import read_bundle

NAMES = st.sampled_from(
    """
    ProxyEndpoint TargetEndpoint SharedFlow APIProxy PreFlow PostFlow Flows Flow EventFlow
    PostClientFlow Request Response Step Name Condition FaultRules FaultRule DefaultFaultRule
    AlwaysEnforce RouteRule URL HTTPProxyConnection BasePath VirtualHost Properties Property
    HTTPTargetConnection LocalTargetConnection HostedTarget ResourceURL Odd
    """.split()  # noqa: SIM905
)
TEXTS = st.sampled_from(
    ["", " ", "A", "true", "/v1", "/*", "{{ x }}", "jsc://x.js", "default", "a &amp; b"]
)
ATTRIBUTES = st.sampled_from(["", ' name="A"', ' name="default"', ' name=""', ' enabled="x"'])


def _element(inside):
    return st.builds("<{0}{1}>{2}{3}</{0}>".format, NAMES, ATTRIBUTES, TEXTS, inside)


def _parent(children):
    return _element(st.lists(children, max_size=4).map("".join))


ELEMENTS = _parent(st.recursive(_element(st.just("")), _parent, max_leaves=12))
PATHS = st.sampled_from(
    [
        "apiproxy/a.xml",
        "apiproxy/proxies/a.xml",
        "apiproxy/proxies/b.xml",
        "apiproxy/targets/a.xml",
        "apiproxy/policies/A.xml",
        "apiproxy/resources/jsc/x.js",
        "sharedflowbundle/sharedflows/a.xml",
        "sharedflowbundle/policies/A.xml",
        "apiproxy/resources",
        "x",
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(PATHS, ELEMENTS, max_size=5), st.sampled_from([None, "weather"]))
def test_any_files_are_read_or_refused(texts, name):
    try:
        bundle, warnings = read_bundle({path: text.encode() for path, text in texts.items()}, name)
    except BundleError as error:
        assert all(item.severity == "error" and item.message for item in error.diagnostics)
        return
    assert bundle.proxy_endpoints or bundle.shared_flows
    assert all(warning.severity == "warning" and warning.line for warning in warnings)


@settings(max_examples=80, deadline=None)
@given(ELEMENTS, ELEMENTS, ELEMENTS)
def test_any_content_of_an_endpoint_is_read_or_refused(flows, target, policy):
    files = {
        "apiproxy/proxies/a.xml": f'<ProxyEndpoint name="default">{flows}</ProxyEndpoint>',
        "apiproxy/targets/a.xml": f'<TargetEndpoint name="default">{target}</TargetEndpoint>',
        "apiproxy/policies/A.xml": f'<Quota name="A">{policy}</Quota>',
    }
    try:
        bundle, _ = read_bundle({path: text.encode() for path, text in files.items()}, "weather")
    except BundleError:
        return
    assert list(bundle.proxy_endpoints) == list(bundle.target_endpoints) == ["default"]

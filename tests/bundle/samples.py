"""Small bundles, written inline."""

from gateway.bundle.reader import read_bundle

PROXY = """\
<ProxyEndpoint name="default">
  <HTTPProxyConnection><BasePath>/v1/weather</BasePath></HTTPProxyConnection>
  {}
</ProxyEndpoint>"""
TARGET = """\
<TargetEndpoint name="default">
  {}
</TargetEndpoint>"""
URL = "<HTTPTargetConnection><URL>https://example.com</URL></HTTPTargetConnection>"


def policy(name, content="", kind="AssignMessage"):
    return f'<{kind} name="{name}">{content}</{kind}>'


def bundle_files(proxy="", target=None, policies=("A", "B", "C"), **more):
    """The files of a proxy: `proxy` and `target` stand inside of their endpoints, `more`
    are further files, or others in their place (`**{"policies/A.xml": "<Quota/>"}`)."""
    files = {"apiproxy/weather.xml": '<APIProxy name="weather" revision="3"/>'}
    files["apiproxy/proxies/default.xml"] = PROXY.format(proxy)
    if target is not None:
        files["apiproxy/targets/default.xml"] = TARGET.format(target)
    files |= {f"apiproxy/policies/{name}.xml": policy(name) for name in policies}
    files |= {f"apiproxy/{path}": text for path, text in more.items()}
    return {path: text.encode() for path, text in files.items()}


def read(files, name=None, **options):
    return read_bundle(files, name, **options)[0]


def warnings_of(files):
    return [str(warning) for warning in read_bundle(files)[1]]


def endpoint(proxy, **more):
    """The ProxyEndpoint with this content."""
    return read(bundle_files(proxy, **more)).proxy_endpoints["default"]


def names(steps):
    return [step.name for step in steps]

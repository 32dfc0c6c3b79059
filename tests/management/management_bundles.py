"""Small bundles to import."""

from __future__ import annotations

import io
import zipfile

ENDPOINT = """<ProxyEndpoint name="default">
  <PreFlow name="PreFlow"><Request>{steps}</Request><Response/></PreFlow>
  <Flows><Flow name="one"><Condition>request.verb = "GET"</Condition>
    <Request/><Response/></Flow></Flows>
  <HTTPProxyConnection><BasePath>{path}</BasePath>
    <VirtualHost>default</VirtualHost></HTTPProxyConnection>
  <RouteRule name="none"/>
</ProxyEndpoint>"""

POLICY = """<AssignMessage name="mark">
  <Set><Headers><Header name="X-Mark">{mark}</Header></Headers></Set>
  <AssignTo createNew="false" type="request"/>
</AssignMessage>"""


def bundle(
    path: str = "/hello",
    mark: str = "1",
    steps: str = "<Step><Name>mark</Name></Step>",
    files: dict[str, str | bytes] | None = None,
) -> bytes:
    """The ZIP of a small proxy with one policy and one resource."""
    content: dict[str, str | bytes] = {
        "apiproxy/hello.xml": '<APIProxy name="hello"><DisplayName>Hello</DisplayName>'
        "<Description>Says hello</Description></APIProxy>",
        "apiproxy/proxies/default.xml": ENDPOINT.format(path=path, steps=steps),
        "apiproxy/policies/mark.xml": POLICY.format(mark=mark),
        "apiproxy/resources/jsc/a.js": "var a = 1;",
        **(files or {}),
    }
    return zipped(content)


def zipped(content: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def broken_bundle() -> bytes:
    """A bundle with two mistakes: a Step without policy, and malformed XML."""
    return bundle(
        steps="<Step><Name>absent</Name></Step>",
        files={"apiproxy/policies/other.xml": "<AssignMessage name='other'>"},
    )

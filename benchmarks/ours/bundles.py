"""Small bundles made for one measurement each: path below apiproxy/ -> XML."""

from __future__ import annotations

from collections.abc import Sequence


def endpoint(base_path: str, steps: Sequence[str], *, target: bool, streaming: bool = False) -> str:
    """A ProxyEndpoint whose PreFlow runs the steps; without a target it echoes."""
    lines = "".join(f"<Step><Name>{step}</Name></Step>" for step in steps)
    route = "<TargetEndpoint>default</TargetEndpoint>" if target else ""
    return (
        '<ProxyEndpoint name="default">'
        f'<PreFlow name="PreFlow"><Request>{lines}</Request><Response/></PreFlow>'
        f"<HTTPProxyConnection><BasePath>{base_path}</BasePath>{_properties(streaming)}"
        "<VirtualHost>default</VirtualHost></HTTPProxyConnection>"
        f'<RouteRule name="default">{route}</RouteRule>'
        "</ProxyEndpoint>"
    )


def target_endpoint(url: str, *, streaming: bool = False) -> str:
    return (
        '<TargetEndpoint name="default">'
        f"<HTTPTargetConnection>{_properties(streaming)}<URL>{url}</URL></HTTPTargetConnection>"
        "</TargetEndpoint>"
    )


def answering(name: str, base_path: str, text: str) -> dict[str, str]:
    """A proxy without a target that answers `text`."""
    policy = (
        '<AssignMessage name="answer"><AssignTo createNew="true" type="response"/>'
        f'<Set><Payload contentType="text/plain">{text}</Payload></Set></AssignMessage>'
    )
    return {
        f"{name}.xml": f'<APIProxy name="{name}" revision="1"/>',
        "proxies/default.xml": endpoint(base_path, ["answer"], target=False),
        "policies/answer.xml": policy,
    }


def with_headers(name: str, base_path: str, target_url: str, steps: int) -> dict[str, str]:
    """A proxy with `steps` AssignMessage policies, each of which sets one request header."""
    files = {
        f"{name}.xml": f'<APIProxy name="{name}" revision="1"/>',
        "proxies/default.xml": endpoint(
            base_path, [f"set-{number}" for number in range(steps)], target=True
        ),
        "targets/default.xml": target_endpoint(target_url),
    }
    for number in range(steps):
        files[f"policies/set-{number}.xml"] = (
            f'<AssignMessage name="set-{number}"><Set><Headers>'
            f'<Header name="X-Step-{number}">step {number}</Header>'
            "</Headers></Set></AssignMessage>"
        )
    return files


def streaming(name: str, base_path: str, target_url: str) -> dict[str, str]:
    """A proxy that passes bodies on as they come, in both directions."""
    return {
        f"{name}.xml": f'<APIProxy name="{name}" revision="1"/>',
        "proxies/default.xml": endpoint(base_path, [], target=True, streaming=True),
        "targets/default.xml": target_endpoint(target_url, streaming=True),
    }


def _properties(streaming: bool) -> str:
    if not streaming:
        return ""
    return (
        '<Properties><Property name="request.streaming.enabled">true</Property>'
        '<Property name="response.streaming.enabled">true</Property></Properties>'
    )

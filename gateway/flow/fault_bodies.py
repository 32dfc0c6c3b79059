"""The default body of a fault: JSON, XML or SOAP, by what the client asked for.

Source: reference/runtime/flows.md section 5, "Default fault body".
"""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from multidict import CIMultiDict

from gateway.flow.faults import FaultRaised, Flavor
from gateway.flow.message import Message

_SOAP_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"


def fault_message(raised: FaultRaised, request: Message | None, flavor: Flavor) -> Message:
    """The error message for `raised`: the one it brings, or Apigee's default body."""
    if raised.message is not None:
        return raised.message
    body, content_type = fault_body(raised, request, flavor)
    headers: CIMultiDict[str] = CIMultiDict()
    headers["Content-Type"] = content_type
    for name, value in raised.headers:
        headers.add(name, value)
    return Message.response(raised.status_for(flavor), headers, body.encode("utf-8", "replace"))


def fault_body(raised: FaultRaised, request: Message | None, flavor: Flavor) -> tuple[str, str]:
    """(body, Content-Type) of a fault without a message of its own."""
    text = raised.text_for(flavor)
    shape = raised.fault.body
    if shape == "errorcode":
        code = raised.fault.name
        return f'{{"ErrorCode" : {_quoted(code)}, "Error" :{_quoted(text)}}}', "application/json"
    if shape == "rfc":
        body = json.dumps({"error": raised.fault.name, "error_description": text})
        return body, "application/json"
    kind = "json" if request is None else _wanted(request)
    if kind == "soap":
        return _soap(text, raised.fault.code), "text/xml"
    if kind == "xml":
        return _xml(text, raised.fault.code), "application/xml"
    reason = raised.fault.reason if flavor == "x" else None
    return _json(text, raised.fault.code, reason), "application/json"


def _wanted(request: Message) -> str:
    content_type = request.headers.get("Content-Type", "").lower()
    if content_type:
        if content_type.startswith("application/soap+xml"):
            return "soap"
        if content_type.startswith("text/xml") and "SOAPAction" in request.headers:
            return "soap"
    accept = request.headers.get("Accept", "").lower()
    if not accept or accept.strip() == "*/*":
        return "xml" if not accept and _is_xml(content_type) else "json"
    for part in accept.split(","):
        media = part.partition(";")[0].strip()
        if _is_xml(media):
            return "xml"
        if media in ("application/json", "application/*", "*/*"):
            return "json"
    return "json"


def _is_xml(media: str) -> bool:
    return media.startswith(("application/xml", "text/xml"))


def _json(text: str, code: str, reason: str | None) -> str:
    tail = f',"reason":{_quoted(reason)}' if reason else ""
    return (
        f'{{"fault":{{"faultstring":{_quoted(text)},'
        f'"detail":{{"errorcode":{_quoted(code)}{tail}}}}}}}'
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("/", "\\/")


def _xml(text: str, code: str) -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        f"<fault><faultstring>{escape(text)}</faultstring>"
        f"<detail><errorcode>{escape(code)}</errorcode></detail></fault>"
    )


def _soap(text: str, code: str) -> str:
    return (
        f'<soap:Envelope xmlns:soap="{_SOAP_ENVELOPE}" soap:encodingStyle="{_SOAP_ENCODING}">'
        f"<soap:Body><soap:Fault><faultcode>soap:Server</faultcode>"
        f"<faultstring>{escape(text)}</faultstring><faultactor/>"
        f"<detail><source><errorcode>{escape(code)}</errorcode></source></detail>"
        "</soap:Fault></soap:Body></soap:Envelope>"
    )

"""Organizations, environments and their virtual hosts: shown, not changed, over the API.

Source: reference/runtime/management-api.md section 1.
"""

from __future__ import annotations

from aiohttp import web

from gateway.management.answers import answer
from gateway.management.call import Call
from gateway.management.errors import ApiError
from gateway.management.lookups import find_environment

VIRTUAL_HOSTS = ("default", "secure")


async def list_organizations(call: Call) -> web.Response:
    return answer([call.management.runtime.organization])


async def show_organization(call: Call) -> web.Response:
    found = await call.store.organizations.get(call.organization)
    environments = await call.store.organizations.environments(found.name)
    return answer(
        {
            "createdAt": found.created_at,
            "createdBy": found.created_by,
            "displayName": found.display_name,
            "environments": [environment.name for environment in environments],
            "lastModifiedAt": found.last_modified_at,
            "lastModifiedBy": found.last_modified_by,
            "name": found.name,
            "properties": {
                "property": [
                    {"name": name, "value": value} for name, value in found.properties.items()
                ]
            },
            "type": "trial",
        }
    )


async def refuse_change(call: Call) -> web.Response:
    """Organizations are the operator's affair: see `gateway serve --org`."""
    raise ApiError(
        403, "management.Forbidden", "An organization's properties cannot be changed over the API"
    )


async def list_environments(call: Call) -> web.Response:
    environments = await call.store.organizations.environments(call.organization)
    return answer([environment.name for environment in environments])


async def show_environment(call: Call) -> web.Response:
    found = await find_environment(call)
    return answer(
        {
            "createdAt": found.created_at,
            "createdBy": found.created_by,
            "lastModifiedAt": found.last_modified_at,
            "lastModifiedBy": found.last_modified_by,
            "name": found.name,
            "properties": {"property": []},
        }
    )


async def list_virtual_hosts(call: Call) -> web.Response:
    await find_environment(call)
    return answer(VIRTUAL_HOSTS)


async def show_virtual_host(call: Call) -> web.Response:
    """The environment's listener serves both virtual hosts, in plain HTTP."""
    environment = await find_environment(call)
    name = call.path("virtual_host")
    if name not in VIRTUAL_HOSTS:
        raise ApiError(
            404,
            "messaging.config.beans.VirtualHostDoesNotExist",
            f"VirtualHost named {name} does not exist in environment {environment.name}",
        )
    host, port = call.management.settings.virtual_hosts.get(environment.name, ("127.0.0.1", 80))
    return answer(
        {
            "hostAliases": [host],
            "interfaces": [],
            "listenOptions": [],
            "name": name,
            "port": str(port),
        }
    )

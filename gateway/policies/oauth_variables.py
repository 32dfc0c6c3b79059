"""Variables of products and owners that more than one policy publishes."""

from __future__ import annotations

from gateway.ports.identity import Attributes, Developer, Product

QUOTA = "developer.quota."


def attribute(attributes: Attributes, name: str) -> str | None:
    """The custom attribute of that name, None when there is none."""
    for key, value in attributes:
        if key == name:
            return value
    return None


def developer_id(organization: str, developer: Developer) -> str:
    """`{org}@@@{uuid}`, as Apigee's `developer.id` prints."""
    return f"{organization}@@@{developer.developer_id}"


def product_variable(product: Product, name: str) -> str | None:
    """The value of `apiproduct.{name}`: the product's name, quota or custom attribute."""
    if name == "name":
        return product.name
    if name.startswith(QUOTA):
        match name[len(QUOTA) :]:
            case "limit":
                return product.quota
            case "interval":
                return product.quota_interval
            case "timeunit":
                return product.quota_time_unit
    return attribute(product.attributes, name)


def product_variables(product: Product) -> list[str]:
    """Names, after `apiproduct.`, of what `product_variable` knows."""
    fixed = ["name", f"{QUOTA}limit", f"{QUOTA}interval", f"{QUOTA}timeunit"]
    return [*fixed, *(name for name, _ in product.attributes)]

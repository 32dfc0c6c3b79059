"""Microseconds per call of the policies on the hot path, beside an empty loop.

Run: python -m benchmarks.policies. The medians of 7 interleaved rounds are printed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from gateway.flow.context import Context
from gateway.flow.message import Message
from gateway.flow.steps import nothing
from tests.policies.oauth_world import KEY, TOKEN, World, make_world, product, request

CALLS, ROUNDS = 20_000, 7
VERIFY = "<OAuthV2 name='V'><Operation>VerifyAccessToken</Operation></OAuthV2>"
API_KEY = "<VerifyAPIKey name='K'><APIKey ref='request.queryparam.apikey'/></VerifyAPIKey>"


def microseconds(step: Callable[[Context], object], context: Context) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        step(context)
        context.views = ()
    return (time.perf_counter() - started) / CALLS * 1e6


def refused(step: Callable[[Context], object]) -> Callable[[Context], object]:
    def run(context: Context) -> None:
        try:
            step(context)
        except Exception:
            context.variables.clear()

    return run


def cases() -> dict[str, tuple[Callable[[Context], object], Context]]:
    world: World = make_world()
    bearer: Message = request(Authorization=f"Bearer {TOKEN}")
    verify = world.runner(VERIFY)
    by_key = world.runner(API_KEY)
    table: dict[str, tuple[Callable[[Context], object], Context]] = {
        "empty step": (nothing, verify.context(bearer)),
        "VerifyAccessToken": (verify.step, verify.context(bearer)),
        "VerifyAccessToken, unknown token refused": (
            refused(verify.step),
            verify.context(request(Authorization="Bearer nosuch")),
        ),
        "VerifyAPIKey": (by_key.step, by_key.context(request(f"apikey={KEY}"))),
    }
    wide = make_world()
    others = [product(f"p{n}", proxies=(f"proxy{n}",)) for n in range(4)]
    wide.sells(*others, product(resources=("/a/**", "/*/b", "/forecastrss")))
    last = wide.runner(VERIFY)
    table["VerifyAccessToken, fifth product, third path"] = (last.step, last.context(bearer))
    return table


def main() -> None:
    table = cases()
    rounds: dict[str, list[float]] = {name: [] for name in table}
    for _ in range(ROUNDS):
        for name, (step, context) in table.items():
            rounds[name].append(microseconds(step, context))
    empty = median(rounds["empty step"])
    for name, taken in rounds.items():
        print(f"{name:45} {median(taken) - empty:6.2f} us over {empty:.2f}")


if __name__ == "__main__":
    main()

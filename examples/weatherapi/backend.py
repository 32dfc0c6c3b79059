"""A small weather service to put a proxy in front of: forecasts as RSS.

    python examples/weatherapi/backend.py --port 9100 --log backend.log

`GET /forecastrss?w=12797282` answers a forecast. Every request leaves one line of JSON
in the log, with the names of all headers that arrived, so that you can see what the
gateway let through, and no secret is written down. It needs nothing but Python.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

PLACES = {
    "12797282": ("Palo Alto", "CA", 11, 24),
    "2459115": ("New York", "NY", 3, 12),
    "638242": ("Berlin", "DE", 1, 8),
    "1118370": ("Tokyo", "JP", 8, 16),
}
"""Where on Earth IDs: city, region, usual low and high in degrees Celsius."""

SKIES = ("Sunny", "Mostly Sunny", "Partly Cloudy", "Cloudy", "Light Rain", "Fog")
DAYS = 5


def forecast_rss(place: str, today: datetime) -> str:
    """The forecast of a place that `PLACES` knows; the same all day long."""
    city, region, low, high = PLACES[place]
    dice = random.Random(f"{place} {today:%Y-%m-%d}")  # noqa: S311
    items = []
    for number in range(DAYS):
        day = today + timedelta(days=number)
        coldest, warmest = low + dice.randint(-3, 3), high + dice.randint(-3, 3)
        items.append(
            f'      <weather:forecast day="{day:%a}" date="{day:%d %b %Y}" '
            f'low="{coldest}" high="{warmest}" text={quoteattr(dice.choice(SKIES))}/>'
        )
    where = escape(f"{city}, {region}")
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
            '<rss version="2.0" xmlns:weather="http://weather.example.com/ns/rss/1.0">',
            "  <channel>",
            f"    <title>Weather for {where}</title>",
            f"    <link>http://weather.example.com/forecastrss?w={place}</link>",
            f"    <description>The next {DAYS} days in {where}</description>",
            "    <language>en-us</language>",
            f"    <lastBuildDate>{format_datetime(today)}</lastBuildDate>",
            f'    <weather:location city="{escape(city)}" region="{region}"/>',
            '    <weather:units temperature="C"/>',
            "    <item>",
            f"      <title>Conditions for {where}</title>",
            *items,
            "    </item>",
            "  </channel>",
            "</rss>",
            "",
        )
    )


class Weather(BaseHTTPRequestHandler):
    """One client connection, kept alive."""

    protocol_version = "HTTP/1.1"
    server_version = "weather"
    sys_version = ""
    timeout = 60
    # Head and body go out in two writes: without this the second one waits for the
    # first one's acknowledgement, which costs 40 ms.
    disable_nagle_algorithm = True
    server: Backend

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        place = parse_qs(url.query).get("w", [""])[0]
        if url.path != "/forecastrss":
            self.answer(404, f"there is no {url.path} here; ask for /forecastrss?w=12797282\n")
        elif place not in PLACES:
            known = ", ".join(PLACES)
            self.answer(404, f"no forecast for w={place}; known places are {known}\n")
        else:
            rss = forecast_rss(place, datetime.now(UTC))
            self.answer(200, rss, "application/rss+xml; charset=utf-8")

    do_HEAD = do_GET  # noqa: N815

    def answer(self, status: int, text: str, media_type: str = "text/plain") -> None:
        body = text.encode()
        self.server.record(self, status)  # first, so that whoever has the answer can read it
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The backend keeps its own log, one line of JSON per request."""


class Backend(ThreadingHTTPServer):
    """The listener and its log."""

    daemon_threads = True

    def __init__(self, host: str, port: int, log: TextIO) -> None:
        super().__init__((host, port), Weather)
        self.log = log
        self.lock = threading.Lock()

    def record(self, request: Weather, status: int) -> None:
        """Write one line: method, target, status, and the names of the headers, in lower
        case and in the order of their arrival."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": request.command,
            "target": request.path,
            "status": status,
            "headers": [name.lower() for name in request.headers],
        }
        with self.lock:
            self.log.write(json.dumps(line) + "\n")
            self.log.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="A small weather service: forecasts as RSS.")
    parser.add_argument(
        "--listen", default="127.0.0.1:9100", metavar="HOST:PORT", help="port 0: any free one"
    )
    parser.add_argument("--port", metavar="N", help="short for --listen 127.0.0.1:N")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="one line of JSON per request (default: stdout)"
    )
    arguments = parser.parse_args()
    host, _, port = (arguments.port or arguments.listen).rpartition(":")
    log = arguments.log.open("a", encoding="utf-8") if arguments.log else sys.stdout
    backend = Backend(host or "127.0.0.1", int(port), log)
    # shutdown() waits for serve_forever(), which runs in this thread.
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=backend.shutdown, daemon=True).start()
    )
    address = f"http://{host or '127.0.0.1'}:{backend.server_address[1]}"
    sys.stderr.write(f"weather backend listens on {address}/forecastrss?w=12797282\n")
    sys.stderr.flush()
    try:
        backend.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    finally:
        backend.server_close()


if __name__ == "__main__":
    main()

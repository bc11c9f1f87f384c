"""``make clients``: what others have published reads our contract and speaks with the running help desk.

- the data providers of react-admin (simple-rest, json-server) and Refine, by ``tools/clients/providers.test.mjs``
- Redocly's and Spectral's recommended rules over ``/api/schema/``, without one warning
- openapi-typescript, openapi-python-client and datamodel-code-generator, whose output is compiled or imported
- ``@asyncapi/parser`` over ``/api/asyncapi/``, and over 300 streams within 20 s

They are many packages, in folders of their own: ``tools/clients/node_modules`` and ``tools/clients/.venv``.
"""

import http.cookiejar
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tools" / "clients"
BACKEND = ROOT / "example" / "backend"
PYTHON = HERE / ".venv" / "bin"
USER = "admin"
STREAMS = 300
SECONDS = 20
START_SECONDS = 60.0
ENVIRONMENT = {**os.environ, "REDOCLY_TELEMETRY": "off", "PATH": f"{PYTHON}{os.pathsep}{os.environ['PATH']}"}


def main() -> int:
    install()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with help_desk(folder) as url:
            for document in ("schema", "asyncapi"):
                (folder / f"{document}.json").write_bytes(read(url, f"/api/{document}/"))
            run("the data providers", "node", "--test", "providers.test.mjs", URL=url, USERNAME=USER, PASSWORD=USER)
        types(folder)
        openapi(folder)
        asyncapi(folder)
    print("\nAll of them read what is published, and are answered as they expect.")
    return 0


def install() -> None:
    if not PYTHON.exists():
        run("a Python environment", sys.executable, "-m", "venv", str(PYTHON.parent))
    pip = (str(PYTHON / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run("the Python generators", *pip, "-r", "requirements.txt")
    run("the npm packages", "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")


def run(title: str, *command: str, cwd: Path = HERE, **environment: str) -> str:
    """Run a command; where it fails, its own words are the message, and this is the end."""
    print(f"· {title} …", flush=True)
    env = {**ENVIRONMENT, **environment}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{title}: {' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def types(folder: Path) -> None:
    """``bindings.gen.ts`` where ``@channels-binding/core`` is not installed."""
    file = folder / "bindings.gen.ts"
    shutil.copy(ROOT / "example" / "frontend" / "src" / "bindings.gen.ts", file)
    run("bindings.gen.ts alone", "npx", "tsc", "--noEmit", "--strict", str(file))


def openapi(folder: Path) -> None:
    schema = str(folder / "schema.json")
    redocly = run("Redocly", "npx", "redocly", "lint", schema, "--extends", "recommended", "--format", "json")
    problems = json.JSONDecoder().raw_decode(redocly[redocly.index("{") :])[0]["problems"]
    if problems:
        raise SystemExit(f"Redocly: {json.dumps(problems, indent=1)[:4000]}")
    run("Spectral", "npx", "spectral", "lint", schema, "-r", "spectral.yaml", "--fail-severity", "hint")
    made_types = str(folder / "schema.ts")
    run("openapi-typescript", "npx", "openapi-typescript", schema, "-o", made_types)
    run("… compiled", "npx", "tsc", "--noEmit", "--strict", "--skipLibCheck", made_types)
    client = folder / "client"
    made = run(
        "openapi-python-client",
        *("openapi-python-client", "generate", "--path", schema, "--output-path", str(client), "--meta", "none"),
    )
    if "WARNING" in made or "Unable" in made:
        raise SystemExit(f"openapi-python-client leaves something out:\n{made}")
    imported("… imported", client)
    models = folder / "models"
    options = (
        "--input-file-type",
        "openapi",
        "--output-model-type",
        "pydantic_v2.BaseModel",
        "--formatters",
        "builtin",
    )
    run("datamodel-code-generator", "datamodel-codegen", "--input", schema, "--output", str(models), *options)
    imported("… imported", models)


IMPORT = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{sys.argv[1]}."):
    importlib.import_module(module.name)
"""


def imported(title: str, package: Path) -> None:
    """Every module of what was generated."""
    run(title, str(PYTHON / "python"), "-c", IMPORT, package.name, PYTHONPATH=str(package.parent))


def asyncapi(folder: Path) -> None:
    for name in ("asyncapi", "many"):
        file = folder / f"{name}.json"
        if name == "many":
            run(f"a document of {STREAMS} streams", sys.executable, "-c", MANY, str(STREAMS), str(file), cwd=ROOT)
        print(" ", run("@asyncapi/parser", "node", "asyncapi.mjs", str(file), str(SECONDS)).strip())


MANY = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.project.settings"
import django
django.setup()
from channels_binding.consumers import Binding
from channels_binding.contract import asyncapi, typescript
from channels_binding.protocol import codecs
from channels_binding.registry import registry
from tests.project.zoo.models import Note
registry._catch_up()
registry._by_stream.clear()
for number in range(int(sys.argv[1])):
    type("Many", (Binding,), {"stream": f"shop.Model{number}", "model": Note, "filterset_fields": ("rank", "done")})
with open(sys.argv[2], "wb") as file:
    file.write(codecs.encode(asyncapi.document(typescript._nobody())))
"""


# The running help desk


@contextmanager
def help_desk(folder: Path) -> Iterator[str]:
    """The example with its rows, served as ``make demo`` does."""
    port = free_port()
    own = {"SQLITE_PATH": str(folder / "desk.sqlite3"), "MEDIA_ROOT": str(folder / "media")}
    for command in (("migrate", "--verbosity", "0"), ("load_demo",)):
        run(f"the help desk: {command[0]}", sys.executable, "manage.py", *command, cwd=BACKEND, **own)
    uvicorn = [
        sys.executable,
        "-m",
        "uvicorn",
        "helpdesk.asgi:application",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    server = subprocess.Popen(uvicorn, cwd=BACKEND, env={**os.environ, **own})
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/login/", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The help desk does not answer.")


def read(url: str, path: str) -> bytes:
    """A page of the help desk, as somebody who has signed in sees it."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = opener.open(f"{url}/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    form: Mapping[str, str] = {"username": USER, "password": USER, "csrfmiddlewaretoken": token[1]}
    request = urllib.request.Request(f"{url}/login/", urllib.parse.urlencode(form).encode(), {"Referer": url})
    opener.open(request).close()
    content: bytes = opener.open(f"{url}{path}").read()
    return content


if __name__ == "__main__":
    if shutil.which("npm") is None:
        raise SystemExit("npm is needed.")
    sys.exit(main())

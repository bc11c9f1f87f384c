"""docs/tutorial, done as it is written: its files, its commands, and what its page shows in two windows.

Only this is other than written: packages are those of this checkout, `vite preview` serves what `vite build` has made in place
of Vite's development server (the proxy is the same), ports are free ones, and the plugin that reloads components is left out.
"""

import json
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tools import chromium, walk
from tools.quickstart import ROOT

TUTORIAL = ROOT / "docs" / "tutorial"
PAGES = sorted(TUTORIAL.glob("[0-9]-*.md"))
SECONDS = 120
TEMPLATE = {
    "index.html": '<!doctype html><div id="root"></div><script type="module" src="/src/main.tsx"></script>',
    "package.json": '{"type": "module"}',
    "tsconfig.json": json.dumps({
        "compilerOptions": {
            "target": "ES2022", "lib": ["ES2023", "DOM", "DOM.Iterable"], "module": "ESNext", "moduleResolution": "bundler",
            "jsx": "react-jsx", "strict": True, "noUnusedLocals": True, "noEmit": True, "skipLibCheck": True, "types": [],
        },
        "include": ["src"],
    }),
}  # fmt: skip
"""What `npm create vite -- --template react-ts` has beside the files that the page writes."""
STAFF = """
from django.contrib.auth.models import User
for name in ("ann", "bob"):
    User.objects.create_user(name, password=name, is_staff=True)
"""


def commands(page: Path) -> list[str]:
    """Lines of its shell that are the project's own commands."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("python manage.py ")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages, one after the other: what they write, and then what they run."""
    folder = tmp_path_factory.mktemp("tutorial")
    walk.begin(folder)
    _begin_page(folder / "page")
    for page in PAGES:
        for block in walk.files_of(page):
            walk.write(folder, block)
        for line in commands(page):
            arguments = shlex.split(line)[2:]
            said = walk.manage(folder, *arguments, *(["--noinput"] if arguments == ["createsuperuser"] else []))
            assert arguments[0] != "test" or re.search(r"Ran [3-9] tests", said), said
    walk.manage(folder, "shell", "--verbosity", "0", "--command", STAFF)
    return folder


def _begin_page(folder: Path) -> None:
    modules = folder / "node_modules"
    (modules / "@vitejs" / "plugin-react").mkdir(parents=True)
    (modules / "@vitejs" / "plugin-react" / "package.json").write_text('{"type": "module", "main": "index.js"}')
    (modules / "@vitejs" / "plugin-react" / "index.js").write_text("export default () => ({ name: 'left out' })")
    for each in (ROOT / "node_modules").iterdir():
        if each.name not in ("@vitejs", ".vite"):
            (modules / each.name).symlink_to(each.resolve())
    for name, text in TEMPLATE.items():
        (folder / name).write_text(text)


def node(folder: Path, *command: str) -> str:
    done = subprocess.run(["npx", *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_s_types_are_right_with_those_that_the_server_has_written(project: Path) -> None:
    assert "'shop.Order'" in (project / "page" / "src" / "bindings.gen.ts").read_text()
    node(project / "page", "tsc", "--noEmit")
    app = project / "page" / "src" / "App.tsx"
    right = app.read_text()
    app.write_text(right.replace("{ status: 'open' }", "{ state: 'open' }"))
    with pytest.raises(AssertionError, match="state"):
        node(project / "page", "tsc", "--noEmit")
    app.write_text(right)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(command: list[str], folder: Path, url: str) -> Iterator[None]:
    """A server, once it answers."""
    log = folder / "server.log"
    with log.open("w") as written:
        server = subprocess.Popen(command, cwd=folder, env=walk.variables(), stdout=written, stderr=written)
    try:
        deadline = time.monotonic() + SECONDS
        while not _answers(url):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(20)


def _answers(url: str) -> bool:
    try:
        with urlopen(url):
            return True
    except (URLError, ConnectionError):
        return False


@pytest.fixture(scope="module")
def url(project: Path) -> Iterator[str]:
    """The built page, with Django behind it."""
    django, vite = free_port(), free_port()
    config = project / "page" / "vite.config.ts"
    config.write_text(config.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{django}"))
    node(project / "page", "vite", "build")
    serving = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{django}"]
    preview = ["node", "node_modules/vite/bin/vite.js", "preview", "--host", "127.0.0.1", "--port", str(vite)]
    with (
        running(serving, project, f"http://127.0.0.1:{django}/admin/login/"),
        running(preview, project / "page", f"http://127.0.0.1:{vite}/"),
    ):
        yield f"http://127.0.0.1:{vite}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        yield running
        running.close()


def window(browser: Browser, url: str, name: str, password: str) -> Page:
    """Signed in by the page's own link."""
    page = browser.new_context().new_page()
    page.set_default_timeout(SECONDS * 500)
    page.goto(url)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("grid", name="Orders")).to_be_visible(timeout=SECONDS * 500)
    return page


def test_two_sellers_and_a_manager_see_what_is_theirs(url: str, browser: Browser) -> None:
    ann = window(browser, url, "ann", "ann")
    bob = window(browser, url, "bob", "bob")
    manager = window(browser, url, walk.SUPERUSER["USERNAME"], walk.SUPERUSER["PASSWORD"])
    ann.get_by_role("button", name="New order").click()
    dialog = ann.get_by_role("dialog")
    dialog.get_by_label("Customer").fill("Acme")
    dialog.get_by_label("Amount").fill("12.50")
    dialog.get_by_role("button", name="Save").click()
    for page in (ann, manager):
        expect(page.get_by_role("gridcell", name="Acme")).to_be_visible()
    expect(bob.get_by_role("gridcell", name="Acme")).to_have_count(0)
    ann.get_by_role("button", name="Ship").click()
    for page in (ann, manager):
        expect(page.get_by_role("gridcell", name="Acme")).to_have_count(0)
    manager.get_by_role("button", name="All").click()
    expect(manager.get_by_role("gridcell", name="Shipped", exact=False).first).to_be_visible()
    manager.get_by_role("searchbox", name="Customer").fill("nobody")
    expect(manager.get_by_role("gridcell", name="Acme")).to_have_count(0)

# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages by name, from a private apt state, without touching the host.

The mirror and the keyring are those of the machine's own apt configuration.
A suite is fetched once and kept for a week, so that a recipe made of package
versions stays the same and later runs need no network.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from . import cache
from .errors import TestbedError

# suite asked for -> (kind of archive, its suite name)...
SUITES = {
    "bookworm": [("main", "bookworm"), ("security", "bookworm-security")],
    "bookworm-source": [("main", "bookworm"), ("security", "bookworm-security")],
    "bookworm-release": [("main", "bookworm")],
    "bookworm-backports": [("main", "bookworm"),
                           ("security", "bookworm-security"),
                           ("main", "bookworm-backports")],
    "trixie": [("main", "trixie"), ("security", "trixie-security")],
    "sid": [("main", "sid")],
}
INDEX_LIFE = 7 * 24 * 3600
APT_ETC = Path("/etc/apt")


def machine_sources():
    """The machine's own Debian sources: [(uri, suites, keyring)]."""
    found = []
    files = [APT_ETC / "sources.list",
             *sorted((APT_ETC / "sources.list.d").glob("*"))]
    for path in files:
        if not path.is_file():
            continue
        text = re.sub(r"^#.*\n?", "", path.read_text(), flags=re.M)
        if path.suffix == ".sources":
            for block in re.split(r"\n\s*\n", text):
                field = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", block, re.M))
                if "URIs" in field and "Suites" in field:
                    found.append((field["URIs"].split()[0],
                                  field["Suites"].split(),
                                  field.get("Signed-By")))
        elif path.suffix == ".list":
            for options, uri, suite in re.findall(
                    r"^deb\s+(\[.*?\]\s+)?(\S+)\s+(\S+)", text, re.M):
                key = re.search(r"signed-by=([^\s\]]+)", options)
                found.append((uri, [suite], key and key.group(1)))
    return found


def mirrors():
    """{'main': (uri, keyring), 'security': (uri, keyring)} of this machine."""
    found = {}
    for uri, suites, key in machine_sources():
        if not re.search(r"/debian(-security)?/?$", uri):
            continue
        kind = "security" if any("security" in s for s in suites) else "main"
        found.setdefault(kind, (uri, key))
    if "main" not in found:
        raise TestbedError("no Debian mirror in this machine's apt sources")
    found.setdefault("security",
                     (found["main"][0].rstrip("/") + "-security",
                      found["main"][1]))
    return found


def state_of(suite):
    """Private apt state of a suite, its index at most a week old."""
    state = cache.build_dir("apt") / suite
    with cache.locked(f"apt-{suite}"):
        stamp = state / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < INDEX_LIFE:
            return state
        for sub in ("lists/partial", "etc/preferences.d"):
            (state / sub).mkdir(parents=True, exist_ok=True)
        (state / "status").touch()
        known = mirrors()
        lines = []
        for kind, name in SUITES[suite]:
            uri, key = known[kind]
            signed = f"[signed-by={key}] " if key else ""
            kind = "deb-src" if suite.endswith("-source") else "deb"
            lines.append(f"{kind} {signed}{uri} {name} main\n")
        (state / "sources.list").write_text("".join(lines))
        if suite.endswith("-backports"):
            (state / "preferences").write_text(
                f"Package: *\nPin: release n={suite}\nPin-Priority: 500\n")
        apt(suite, state, "apt-get", "-qq", "update")
        stamp.touch()
    return state


def apt(suite, state, tool, *args):
    """Run an apt tool on the private state; returns its output."""
    options = {
        "Dir::State": state, "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferences": state / "preferences",
        "Dir::Etc::preferencesparts": "-",
        "Dir::Cache": state, "Dir::Cache::archives": state / "archives",
        "APT::Sandbox::User": "root", "APT::Architecture": "amd64",
        "APT::Architectures": "amd64", "APT::Install-Recommends": "false",
        "Acquire::Retries": "3", "Acquire::Languages": "none",
    }
    (state / "archives/partial").mkdir(parents=True, exist_ok=True)
    command = [tool]
    for key, value in options.items():
        command += ["-o", f"{key}={value}"]
    done = subprocess.run([*command, *args], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"})
    if done.returncode:
        raise TestbedError(f"{tool} {' '.join(args)} ({suite}): "
                           + done.stderr.strip()[-600:])
    return done.stdout


def resolve(suite, names, depends=True):
    """[(package, version, deb file name)] of names and what they depend on.

    The answer is remembered until the suite's index is fetched again.
    """
    state = state_of(suite)
    key = hashlib.sha256(json.dumps([sorted(names), depends]).encode())
    memo = state / f"resolved-{key.hexdigest()[:12]}.json"
    if (memo.exists()
            and memo.stat().st_mtime >= (state / "updated").stat().st_mtime):
        return [tuple(x) for x in json.loads(memo.read_text())]
    if depends:
        out = apt(suite, state, "apt-get", "-qq", "-y", "--print-uris",
                  "-o", f"Dir::Cache::archives={state}/none", "install",
                  *names)
    else:
        out = apt(suite, state, "apt-get", "-qq", "--print-uris", "download",
                  *names)
    found = []
    for deb in re.findall(r"^'\S+' (\S+\.deb) ", out, re.M):
        package, version, _ = deb.split("_", 2)
        found.append((package, version, deb))
    if not found:
        raise TestbedError(f"{suite}: nothing to fetch for {' '.join(names)}")
    memo.write_text(json.dumps(found))
    return found


def fetch(suite, names, depends=True):
    """Download what resolve() names; returns the .deb paths."""
    state = state_of(suite)
    debs = resolve(suite, names, depends)
    archives = state / "archives"
    with cache.locked(f"apt-{suite}"):
        missing = [(p, v) for p, v, deb in debs
                   if not (archives / deb).exists()]
        if missing:
            here = os.getcwd()
            try:
                os.chdir(archives)
                apt(suite, state, "apt-get", "-qq", "download",
                    *(f"{p}={v.replace('%3a', ':')}" for p, v in missing))
            finally:
                os.chdir(here)
    return [archives / deb for _, _, deb in debs]


def extract(suite, names, root, depends=True):
    """Unpack packages into `root`, /usr merged; nothing is configured."""
    root = Path(root)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    for deb in fetch(suite, names, depends):
        data = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                                stdout=subprocess.PIPE)
        tar = subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C",
                              root], stdin=data.stdout)
        if data.wait() or tar.returncode:
            raise TestbedError(f"cannot unpack {deb.name}")


def tree(name, suite, names, depends=True, prune=(), finish=None):
    """A cached root made of packages. finish(root) may complete it.

    `prune` are globs removed after unpacking. What finish() writes must be
    said by the caller in a changed `name` or in prune: it is code, and its
    source is part of the recipe only through this module's callers.
    """
    def make(path):
        path.mkdir()
        extract(suite, names, path, depends)
        for glob in prune:
            for victim in path.glob(glob):
                if victim.is_dir() and not victim.is_symlink():
                    shutil.rmtree(victim)
                else:
                    victim.unlink()
        if finish:
            finish(path)
    recipe = [suite, resolve(suite, names, depends), list(prune),
              finish.__code__.co_code.hex() if finish else ""]
    return cache.cached(name, recipe, make)


def source(suite, name):
    """The newest version of a source package: its files' names, .dsc first."""
    state = state_of(suite)
    memo = state / f"source-{name}.json"
    if (memo.exists()
            and memo.stat().st_mtime >= (state / "updated").stat().st_mtime):
        return json.loads(memo.read_text())
    out = apt(suite, state, "apt-get", "-qq", "--print-uris", "source", name)
    files = re.findall(r"^'\S+' (\S+) ", out, re.M)
    files.sort(key=lambda file: not file.endswith(".dsc"))
    if not files:
        raise TestbedError(f"{suite}: no source package {name}")
    memo.write_text(json.dumps(files))
    return files


def fetch_source(suite, files):
    """Download what source() named; returns the paths."""
    state = state_of(suite)
    archives = state / "archives"
    name = files[0].split("_")[0]
    with cache.locked(f"apt-{suite}"):
        if not all((archives / file).exists() for file in files):
            here = os.getcwd()
            try:
                os.chdir(archives)
                apt(suite, state, "apt-get", "-qq", "source",
                    "--download-only", name)
            finally:
                os.chdir(here)
    return [archives / file for file in files]


def host_needs():
    """Install what testbed/host-packages names and this machine lacks."""
    install(cache.TOP / "testbed/host-packages")


def install(wanted):
    """Install what a list of packages names and this machine lacks."""
    done = subprocess.run([cache.TOP / "scripts/install-deps", wanted],
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True)
    if done.returncode:
        raise TestbedError(done.stderr.strip()[-600:])

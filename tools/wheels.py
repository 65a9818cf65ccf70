"""The lock files, and the folder of wheels from which a PC without internet installs."""

import re
import shutil
import tempfile
from pathlib import Path

from tools.venv import BUILD, DEV, MAIN, ROOT, SOURCE_ONLY, Refusal, here, must, say, venv_python

# The other PC's platform -> the wheel tags it takes, and its sys_platform, platform_system, os_name, platform_machine.
TARGETS = {
    "win_amd64": (["win_amd64"], ("win32", "Windows", "nt", "AMD64")),
    "macos_arm64": (["macosx_14_0_arm64"], ("darwin", "Darwin", "posix", "arm64")),
    **{
        f"linux_{arch}": (  # glibc 2.28 and later
            [*(f"manylinux_2_{minor}_{arch}" for minor in range(28, 16, -1)), f"manylinux2014_{arch}"],
            ("linux", "Linux", "posix", arch),
        )
        for arch in ("x86_64", "aarch64")
    },
}


def lock(*, upgrade: bool) -> int:
    """Compile the three locks anew from their lists, for all systems, without any index address; return 0."""
    uv = shutil.which("uv")
    if not uv:
        raise Refusal("Locks are made by uv: install it, then start again.", "锁文件由 uv 生成:请先安装 uv。")
    compile_ = [uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11"]
    compile_ += ["--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "python run.py lock"]
    for name in (MAIN, BUILD, DEV):
        same = [] if name == MAIN else ["--constraints", MAIN]
        must([*compile_, *same, *(["--upgrade"] if upgrade else []), name.replace(".lock", ".txt"), "-o", name])
    return 0


def for_target(lock_text: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the pins and hashes that apply to an environment, by package name, without their markers.

    pip would read a marker for the running system, whatever --platform says, and leave the package out without an
    error. Runs under .venv, whose `packaging` reads the markers here.
    """
    from packaging.requirements import Requirement

    lines = re.sub(r"(?m)^\s*#.*\n?", "", lock_text).replace("\\\n", " ").splitlines()
    kept = {}
    for line in filter(str.strip, lines):
        pin, *hashes = line.split("--hash=")
        requirement = Requirement(pin)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            kept[requirement.name] = " --hash=".join(
                [f"{requirement.name}{requirement.specifier}", *map(str.strip, hashes)]
            )
    return kept


def wheels(to: Path, platform: str | None, version: str | None) -> int:
    """Fill a folder from which a PC without internet installs; return 0. Runs under .venv."""
    flags: list[str] = []
    environment: dict[str, str] = {}
    if platform:
        version = version or here()["python"]
        tags, names = TARGETS[platform]
        flags = ["--python-version", version, "--implementation", "cp"]
        flags += [part for tag in tags for part in ("--platform", tag)]
        environment = dict(zip(("sys_platform", "platform_system", "os_name", "platform_machine"), names, strict=True))
        environment |= {"python_version": version, "python_full_version": f"{version}.0"}
    both = "".join((ROOT / name).read_text(encoding="utf-8") for name in (BUILD, MAIN))
    lines = for_target(both, environment)
    source = lines.pop(SOURCE_ONLY, "")
    to.mkdir(parents=True, exist_ok=True)
    download = [venv_python(), "-m", "pip", "download", "--no-deps", "--require-hashes", "--dest", to.resolve()]
    with tempfile.TemporaryDirectory() as scratch:
        for text, options in (
            ("\n".join(lines.values()), ["--only-binary", ":all:", *flags]),
            (source, ["--no-binary", ":all:", "--no-build-isolation"]),
        ):
            if text:
                listing = Path(scratch) / "requirements.txt"
                listing.write_text(text, encoding="utf-8")
                must([*download, *options, "-r", listing])
    say(
        f"Done: {to}. Bring it to the other PC and run 'python run.py --wheels {to.name}' there.",
        f"完成:{to}。拷到另一台电脑后运行“python run.py --wheels {to.name}”。",
    )
    return 0

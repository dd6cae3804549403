"""The compiled core; pyproject.toml has everything else.

It is plain C that ctypes loads, with nothing in it of any Python: one name and one wheel serve
every version. Where it cannot be compiled the install goes on without it, and numpy computes.
RNNBBO_CFLAGS adds flags of the compiler to these here.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

FOLDER = Path("rnnbbo/core/src")
SOURCES = ["library.c", "kernel_plain.c", "kernel_avx2.c", "network_plain.c", "network_avx2.c"]
FLAGS = [
    "-O3",  # with -O2 products of the networks leave the registers: 2.3 times slower
    "-fno-wrapv",  # else Python's own -fwrapv makes them 1.6 times slower
    "-std=c11",
    "-ffp-contract=fast",  # else -std=c11 keeps gcc from fused multiply-add
    "-fopenmp-simd",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-Wno-pass-failed",  # of clang, where it turns a loop into no vector instructions
    "-Wno-psabi",  # vectors pass between functions of one file alone, all of them inlined
]
WITHOUT = """\
The compiled core could not be built, see above: rnnbbo is installed without it. It computes the
same with numpy, several times slower. With a C compiler, such as gcc or clang, install it again.
"""


def digest(folder: Path) -> str:
    """Return what tells the sources apart; `rnnbbo.core.loading` compares it with those beside."""
    made = sha256()
    for path in sorted(folder.glob("*.[ch]")):
        made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()[:16]


class BuildCore(build_ext):
    """Builds it, and says so where it could not."""

    def get_ext_filename(self, fullname: str) -> str:
        """Return a name without the version of Python."""
        return f"{Path(*fullname.split('.'))}.so"

    def build_extension(self, ext: Extension) -> None:
        """Compile every source at the same time, and link them."""

        def compiled(source: str) -> str:
            (found,) = self.compiler.compile(
                [source],
                output_dir=self.build_temp,
                macros=ext.define_macros,
                debug=self.debug,
                extra_postargs=ext.extra_compile_args,
                depends=ext.depends,
            )
            return found

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            ext.extra_objects = list(pool.map(compiled, ext.sources))
        ext.sources = []
        super().build_extension(ext)

    def run(self) -> None:
        """Build it where there is a compiler."""
        super().run()
        if not all(Path(self.get_ext_fullpath(each.name)).exists() for each in self.extensions):
            self.warn(WITHOUT)


class Wheel(bdist_wheel):
    """A wheel of this platform, for every Python."""

    def get_tag(self) -> tuple[str, str, str]:
        """Return the tags of Python, of its binary interface, and of the platform."""
        return "py3", "none", super().get_tag()[2]


setup(
    packages=[
        *find_packages(include=["rnnbbo*"]),
        "hydra_plugins",  # without modules of its own: other distributions add to it
        "hydra_plugins.rnnbbo_sweeper",
    ],
    ext_modules=[
        Extension(
            "rnnbbo.core._compiled",
            [str(FOLDER / source) for source in SOURCES],
            depends=sorted(map(str, FOLDER.glob("*"))),
            extra_compile_args=[*FLAGS, *os.environ.get("RNNBBO_CFLAGS", "").split()],
            define_macros=[("RNNBBO_SOURCES", f'"{digest(FOLDER)}"')],
            libraries=["m"],
            optional=True,
        )
    ],
    cmdclass={"build_ext": BuildCore, "bdist_wheel": Wheel},
)

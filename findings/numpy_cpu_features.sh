#!/usr/bin/env bash
# numpy 2.4.6, x86-64: which kernels NPY_DISABLE_CPU_FEATURES turns off.
#
# Guess: NPY_DISABLE_CPU_FEATURES="AVX2 FMA3" makes numpy compute as a processor without AVX2 would, as it
#        does with older versions, or else ends in an error.
# Seen:  both stay on, with a warning and exit status 0. Since features are dispatched in the groups of the
#        x86-64 levels, only names such as X86_V3 are taken; and with X86_V3 off, AVX2 by itself is still
#        reported as there, so that a look at AVX2 does not tell whether anything was turned off.
#
# Whoever compares a program on two kinds of processors in this way compares a run with itself.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ $(uname -m) != x86_64 ]] || ! grep -qw avx2 /proc/cpuinfo; then
    echo "not an x86-64 processor with AVX2: nothing to see here"
    exit 0
fi
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet numpy==2.4.6

look() {
    NPY_DISABLE_CPU_FEATURES=$1 "$work/venv/bin/python" -W always -c '
from numpy._core._multiarray_umath import __cpu_features__ as on
print("AVX2", on["AVX2"], "X86_V3", on["X86_V3"])' 2>"$work/warning"
}

by_name=$(look "AVX2 FMA3")
warned=$(tr '\n' ' ' <"$work/warning")
by_group=$(look "X86_V3 X86_V4")
echo "AVX2 FMA3:     $by_name; $warned"
echo "X86_V3 X86_V4: $by_group"
[[ $by_name == "AVX2 True X86_V3 True" ]]
[[ $warned == *"You cannot disable CPU features (AVX2 FMA3)"* ]]
[[ $by_group == "AVX2 True X86_V3 False" ]]
echo "as written down"

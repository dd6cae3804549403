#!/usr/bin/env bash
# hydra-core 1.3.8: a sweep over texts that look like numbers, `x=str(1,2)`.
#
# Guess: the jobs get the texts "1" and "2", since `x=str(1)` gives the text to a single run.
# Seen:  they get the numbers 1 and 2: the sweeper writes the texts into overrides without quotes, which are parsed again.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet hydra-core==1.3.8

cat >"$work/app.py" <<'PYTHON'
import hydra
from hydra.core.config_store import ConfigStore

ConfigStore.instance().store("config", {"x": None})


@hydra.main(version_base=None, config_path=None, config_name="config")
def main(config):
    print("x is", repr(config.x))


main()
PYTHON
cd "$work"
"$work/venv/bin/python" app.py 'x=str(1)' | grep -F "x is '1'"
"$work/venv/bin/python" app.py --multirun 'x=str(1,2)' >seen
grep -F "x is" seen
test "$(grep -Fc "x is '" seen)" = 0
grep -Fqx "x is 1" seen
grep -Fqx "x is 2" seen
echo "as written down"

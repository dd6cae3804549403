#!/bin/sh
# Any program can be tuned: it takes its parameters as arguments and prints a number last.
# Usage: external_program.sh --dose=X --rounds=N MODE; the minimum is 4, see README.md.
set -eu
for argument in "$@"; do
    case $argument in
        --dose=*) dose=${argument#--dose=} ;;
        --rounds=*) rounds=${argument#--rounds=} ;;
        slow | fast) mode=$argument ;;
        *) echo "unknown argument: $argument" >&2; exit 64 ;;
    esac
done

echo "trial ${RNNBBO_TRIAL:-by hand}: dose $dose, $rounds rounds, $mode"
if [ "$mode" = fast ] && [ "$rounds" -gt 45 ]; then
    echo "overheated after 45 rounds" >&2 # a failed trial: rnnbbo goes on
    exit 1
fi
awk -v dose="$dose" -v rounds="$rounds" -v mode="$mode" 'BEGIN {
    effect = (log(dose) / log(10) + 2) ^ 2        # best at a dose of 0.01
    wear = ((rounds - 20) / 10) ^ 2               # best at 20 rounds
    printf "%.6f\n", 4 + effect + wear + (mode == "fast" ? 0 : 0.5)
}'

#!/usr/bin/env bash
# Compares the CPU time of two builds of passrig: the whole catalogue on the built-in RP, in pairs.
#
#   bench/versions.sh BEFORE AFTER [PAIRS]
#
# Prints the median CPU seconds (user and system) of each build and the median of the ratios AFTER / BEFORE, pair by pair.
# The order within a pair alternates, so that a machine that becomes slower favours neither.
set -euo pipefail

if [ $# -lt 2 ]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 2
fi
before=$(realpath "$1") after=$(realpath "$2") pairs=${3:-31}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# The CPU seconds of one run.
cost() {
    local TIMEFORMAT='%U %S'
    { time "$1" check --quiet > /dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

cost "$before" > /dev/null
cost "$after" > /dev/null
for pair in $(seq "$pairs"); do
    if [ $((pair % 2)) -eq 0 ]; then
        b=$(cost "$before") a=$(cost "$after")
    else
        a=$(cost "$after") b=$(cost "$before")
    fi
    echo "$b $a"
done > costs

median() { sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
echo "pairs   $pairs"
echo "before  $(awk '{ print $1 }' costs | median) s"
echo "after   $(awk '{ print $2 }' costs | median) s"
echo "ratio   $(awk '{ print $2 / $1 }' costs | median)"

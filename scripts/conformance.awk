# Lets what a test runner prints pass through and says, just before its summary, how the scenarios of conformance fared.
#
#   cargo nextest run --status-level pass 2>&1 | awk -f scripts/conformance.awk       # cargo test's lines are read as well
#
# A scenario is shown by the tests of tests/it/interop/ that carry its number: s07_…, with BullMQ 5 s07_v5_…, with 4 s07_v4_….
# It passed when all of them did, failed when one of them didn't, and counts as skipped while one that it needs wasn't run.
# Exit 1 unless all scenarios passed.

BEGIN {
  scenarios = 55
  needs["v5"] = " 01 02 03 05 19 "
  needs["v4"] = " 15 39 40 "
}

{
  plain = $0
  gsub(/\033\[[0-9;]*m/, "", plain)
  # Tests that failed are named once more after the summary.
  if (!told && plain ~ /^ *Summary \[/) tell()
  if (!told) note(plain)
  print
  # A line is seen when it is printed, not when there are enough of them.
  fflush()
}

END {
  if (!told) tell()
  exit(passed == scenarios ? 0 : 1)
}

function note(line,  words, last, name, result, kind) {
  last = split(line, words, " ")
  if (line ~ /^ *(PASS|LEAK|FLAKY|FAIL|LEAK-FAIL|TIMEOUT|ABORT|SIG[A-Z0-9]+) /) {
    name = words[last]
    result = line ~ /^ *(PASS|LEAK|FLAKY) / ? "passed" : "failed"
  } else if (line ~ /^test .* \.\.\. (ok|FAILED)$/) {
    name = words[2]
    result = words[last] == "ok" ? "passed" : "failed"
  } else return
  if (name !~ /(^|::)interop::/) return
  sub(/.*::/, "", name)
  if (name !~ /^s[0-9][0-9]_/) return
  kind = substr(name, 2, 2) (name ~ /^s[0-9][0-9]_v[45]_/ ? " " substr(name, 5, 2) : "")
  if (results[kind] != "failed") results[kind] = result
}

function tell(  n, number, at, versions, kind, is_bad, is_missing, bad, missing, failed, skipped) {
  split("v4 v5", versions, " ")
  for (n = 1; n <= scenarios; n++) {
    number = sprintf("%02d", n)
    is_bad = is_missing = 0
    for (at = 0; at <= 2; at++) {
      kind = number (at ? " " versions[at] : "")
      if (results[kind] == "failed") {
        is_bad = 1
        bad = bad ", " kind
      } else if (results[kind] == "" && (!at || index(needs[versions[at]], " " number " "))) {
        is_missing = 1
        missing = missing ", " kind
      }
    }
    if (is_bad) failed++
    else if (is_missing) skipped++
    else passed++
  }
  if (bad) print "conformance: failed: " substr(bad, 3)
  if (missing) print "conformance: not run: " substr(missing, 3)
  printf "conformance: %d scenarios, %d passed, %d failed, %d skipped\n", scenarios, passed, failed, skipped
  told = 1
}

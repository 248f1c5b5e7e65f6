# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wq_global_optspecs
    string join \n redis= cluster prefix= o/output= json q/quiet v/verbose color= y/yes no-input timeout= tz= config= profile= confirm= raw-csv h/help V/version
end

function __fish_wq_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wq_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wq_using_subcommand
    set -l cmd (__fish_wq_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wq -n "__fish_wq_needs_command" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_needs_command" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_needs_command" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_needs_command" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_needs_command" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_needs_command" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_needs_command" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_needs_command" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_needs_command" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_needs_command" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_needs_command" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_needs_command" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_needs_command" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_needs_command" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_needs_command" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_needs_command" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_needs_command" -s V -l version -d 'Print version'
complete -c wq -n "__fish_wq_needs_command" -f -a "enqueue" -d 'Add one message or job to a queue, or a stream of them'
complete -c wq -n "__fish_wq_needs_command" -f -a "bulk" -d 'Add a CSV of contacts, each message exactly once'
complete -c wq -n "__fish_wq_needs_command" -f -a "worker" -d 'Take messages from the queue and send them, at the pace that is allowed'
complete -c wq -n "__fish_wq_needs_command" -f -a "pause" -d 'Pause a queue: nobody takes from it, Node\'s workers neither'
complete -c wq -n "__fish_wq_needs_command" -f -a "resume" -d 'Let a paused queue go on'
complete -c wq -n "__fish_wq_needs_command" -f -a "schedule" -d 'Add a message again and again, or once at a time to come'
complete -c wq -n "__fish_wq_needs_command" -f -a "queues" -d 'Look at whole queues and steer them'
complete -c wq -n "__fish_wq_needs_command" -f -a "jobs" -d 'Look at jobs and change them by hand'
complete -c wq -n "__fish_wq_needs_command" -f -a "dlq" -d 'Dead letters: look, retry, clean, export'
complete -c wq -n "__fish_wq_needs_command" -f -a "metrics" -d 'Show how a queue does: what waits and why, how fast it goes, what came last'
complete -c wq -n "__fish_wq_needs_command" -f -a "events" -d 'Follow what happens in a queue'
complete -c wq -n "__fish_wq_needs_command" -f -a "workers" -d 'See who works'
complete -c wq -n "__fish_wq_needs_command" -f -a "redis" -d 'A local Redis of its own: start, stop, look inside'
complete -c wq -n "__fish_wq_needs_command" -f -a "sandbox" -d 'A WhatsApp provider on this machine, to try things out with'
complete -c wq -n "__fish_wq_needs_command" -f -a "doctor" -d 'Look for what endangers messages: in Redis, in the queue, at the provider'
complete -c wq -n "__fish_wq_needs_command" -f -a "bench" -d 'Measure this wq against a server'
complete -c wq -n "__fish_wq_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c wq -n "__fish_wq_needs_command" -f -a "version" -d 'Print the version and what it is built for'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -s Q -l queue -d 'The queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l to -d 'Who gets it: +5511999990000, or national with --default-country' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l text -d 'What it says' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l media -d 'A picture, document, film or sound at a public https address' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l media-kind -d 'image, document, video or audio, if the address doesn\'t tell' -r -f -a "image\t''
document\t''
video\t''
audio\t''"
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l caption -d 'The text below it' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l file-name -d 'What it is called at the other end' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l template-name -d 'A template that Meta has approved' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l language -d 'Its language: es, pt_BR' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l param -d 'A value for its body, by order or name; =a=b is the value a=b' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l location -d 'A place on the map, in degrees' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l place -d 'What the place is called' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l default-country -d 'Where numbers without + belong, such as BR' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l data -d 'Any JSON, @FILE or - (stdin); with "to" and no --name, a message' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l name -d 'The name of the job' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l ndjson -d 'Lines of {"name","data","opts"}, with BullMQ\'s option names' -r -F
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l tree -d 'A parent with its children, all or nothing: a job as in --ndjson with "children", and its own "queue" if it has one' -r -F
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l id -d 'The id of the job; an id that is there already adds nothing' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l key -d 'Any text that the id is made from: the same key twice adds once' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l expires -d 'Don\'t send it after this time from now (30m) or this moment' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l durability -d 'When an add counts: fast, replicated[:N] or fsync' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l max-waiting -d 'Exit 75 rather than let more jobs wait than that' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l max-bytes -d 'Exit 75 rather than add while Redis uses more: 512mb, 2gb' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l dedupe -d 'Add nothing while a job with this key is there, or for so long: order-17, or order-17:5m (slot:5m: is the key slot:5m)' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l dedupe-mode -d 'What the new job does then: nothing (first), renew the time (extend), take the place of a delayed one (replace), put a delayed one off (reschedule), or be added once a running one has ended (keep-last)' -r -f -a "first\t''
extend\t''
replace\t''
reschedule\t''
keep-last\t''"
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l priority -d 'urgent, high, normal, low, or a number: lower runs first, 0 before all others [default: normal]' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l attempts -d 'How often it may be tried' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l backoff -d 'What a failed attempt waits for; fixed:1s, or with a random part of 0 to 1: exponential:2s:0.5' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l remove-on-complete -d 'Keep only the last N completed jobs; true: remove at once; false: keep all [default: as the worker says]' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l remove-on-fail -d 'The same for failed jobs [default: false]' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l delay -d 'Not before so long from now: 90s, 10m, 2h, 1d' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l at -d 'Not before this moment: 2026-12-01T09:00:00Z, \'2026-12-01 09:00\', \'tomorrow 09:00\', \'in 2h\'' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l lifo -d 'Run it next, before all that waits; without priority and delay'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l dry-run -d 'Check everything, add nothing'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand enqueue" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand bulk" -s Q -l queue -d 'The queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l map -d 'Which column fills which field: to=phone,text=body. Fields: to, text, expires, category, conversation' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l text -d 'The text of every message; {{column}} is filled from the row' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l default-country -d 'Where numbers without + belong, such as BR' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l duplicates -d 'Which of several rows for one contact counts: the first, the last (reads the file twice), or all of them (none)' -r -f -a "first\t''
last\t''
none\t''"
complete -c wq -n "__fish_wq_using_subcommand bulk" -l campaign -d 'A name for this campaign: the same name never sends twice to one contact [default: a digest of file and text]' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l row-key -d 'A column that tells several messages to one contact apart, such as an order number' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l rejects -d 'Write the rejected rows there, with their reasons; can be corrected and read again' -r -F
complete -c wq -n "__fish_wq_using_subcommand bulk" -l max-errors -d 'Stop when more rows than this are rejected, or a larger share (looked at from 100 rows on)' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l row-results -d 'Write one line of JSON per row there, after it was stored; - is standard output' -r -F
complete -c wq -n "__fish_wq_using_subcommand bulk" -l batch -d 'Rows per call of Redis' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l limit -d 'Only the first N rows' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l durability -d 'When an add counts: fast, replicated[:N] or fsync' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l max-waiting -d 'Exit 75 rather than let more jobs wait than that' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l max-bytes -d 'Exit 75 rather than add while Redis uses more: 512mb, 2gb' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l priority -d 'urgent, high, normal, low, or a number: lower runs first, 0 before all others [default: normal]' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l attempts -d 'How often it may be tried' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l backoff -d 'What a failed attempt waits for; fixed:1s, or with a random part of 0 to 1: exponential:2s:0.5' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l remove-on-complete -d 'Keep only the last N completed jobs; true: remove at once; false: keep all [default: as the worker says]' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l remove-on-fail -d 'The same for failed jobs [default: false]' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l delay -d 'Not before so long from now: 90s, 10m, 2h, 1d' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l at -d 'Not before this moment: 2026-12-01T09:00:00Z, \'2026-12-01 09:00\', \'tomorrow 09:00\', \'in 2h\'' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand bulk" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand bulk" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand bulk" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand bulk" -l no-ledger -d 'Don\'t remember the rows after their jobs are removed: a later run may send them again'
complete -c wq -n "__fish_wq_using_subcommand bulk" -l allow-rejects -d 'Rejected rows are no failure'
complete -c wq -n "__fish_wq_using_subcommand bulk" -l dry-run -d 'Check everything, show the first messages and the tally, add nothing'
complete -c wq -n "__fish_wq_using_subcommand bulk" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand bulk" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand bulk" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand bulk" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand bulk" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand bulk" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand bulk" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand bulk" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand worker" -s Q -l queue -d 'Queue to work on; repeat it for more [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l via -d 'How to send: evolution, cloud, http, exec or log' -r -f -a "evolution\t''
cloud\t''
http\t''
exec\t''
log\t''"
complete -c wq -n "__fish_wq_using_subcommand worker" -l url -d 'Where --via http posts to' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l send-timeout -d 'How long one send may take [default: 30s]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l latency -d '--via log seems to take so long: 20ms or 10ms..50ms' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l fail -d '--via log seems to fail so often' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l fail-permanent -d '--via log seems to fail for good so often' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l base-url -d 'Where Evolution or the Graph API is [default: Meta\'s own]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l instance -d 'Evolution\'s instance that sends' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l key-file -d 'Holds Evolution\'s API key and nothing else' -r -F
complete -c wq -n "__fish_wq_using_subcommand worker" -l phone-number-id -d 'Meta\'s id of the number that sends' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l graph-version -d 'Version of the Graph API [default: 25]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l token-file -d 'Holds Meta\'s access token and nothing else' -r -F
complete -c wq -n "__fish_wq_using_subcommand worker" -l concurrency -d 'Sends at a time, in each queue' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l rate -d '80/m, 100/s, 2/500ms or none [default: the queue\'s, or 80/m]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l node-limiter -d 'What Node workers beside it have as `limiter`: 80/m' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l per-recipient -d 'To one recipient [default: 1/6s by evolution and cloud]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l per-recipient-burst -d 'To one recipient at once, after a rest' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l per-recipient-daily -d 'To one recipient in any 24 hours' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l max-jobs -d 'End after so many jobs in each queue, at the latest' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l grace -d 'How long sends may go on after the first signal' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l on-uncertain -d 'hold, retry or lookup [default: hold; --via log: retry]' -r -f -a "hold\t''
retry\t''
lookup\t''"
complete -c wq -n "__fish_wq_using_subcommand worker" -l uncertain-wait -d 'How long lookup asks the provider for proof [default: 10m]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l state-dir -d 'Where its journal is [default: ~/.local/state/wq]' -r -F
complete -c wq -n "__fish_wq_using_subcommand worker" -l durability -d 'fast, or fsync: a send waits for the disk' -r -f -a "fast\t''
fsync\t''"
complete -c wq -n "__fish_wq_using_subcommand worker" -l keep-completed -d 'Completed jobs that stay; or all, none' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l lock-ttl -d 'How long a job\'s lock lives unless it is renewed' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l stalled-interval -d 'How often jobs of dead workers are looked for' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l metrics -d 'Count finished jobs a minute, so far back: 60' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l name -d 'What `wq workers list` and Bull Board call it' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand worker" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand worker" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand worker" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand worker" -l until-empty -d 'End when nothing waits, nothing runs and no retry is due'
complete -c wq -n "__fish_wq_using_subcommand worker" -l once -d 'End after one job, or at once if there is none'
complete -c wq -n "__fish_wq_using_subcommand worker" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand worker" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand worker" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand worker" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand worker" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand worker" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand worker" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand worker" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand pause" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand pause" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand pause" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand pause" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand pause" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand pause" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand pause" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand pause" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand pause" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand pause" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand pause" -l dry-run -d 'Say what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand pause" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand pause" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand pause" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand pause" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand pause" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand pause" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand pause" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand pause" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand resume" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -l campaign -d 'Not the queue but this campaign, whose messages stepped aside' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -l template -d 'Not the queue but this template, whose messages stepped aside' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand resume" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand resume" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand resume" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand resume" -l dry-run -d 'Say what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand resume" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand resume" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand resume" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand resume" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand resume" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand resume" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand resume" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand resume" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -f -a "add" -d 'Make a schedule, or change the one of that name'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -f -a "list" -d 'List the schedules, the next to run first'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -f -a "show" -d 'Show one with everything that is known of it'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -f -a "remove" -d 'Remove schedules with the runs that are still to come'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -f -a "run-now" -d 'Add its job once, now; the schedule goes on unchanged'
complete -c wq -n "__fish_wq_using_subcommand schedule; and not __fish_seen_subcommand_from add list show remove run-now next" -f -a "next" -d 'Print when a cron expression would run; needs no Redis'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l to -d 'Who gets it: +5511999990000, or national with --default-country' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l text -d 'What it says' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l media -d 'A picture, document, film or sound at a public https address' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l media-kind -d 'image, document, video or audio, if the address doesn\'t tell' -r -f -a "image\t''
document\t''
video\t''
audio\t''"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l caption -d 'The text below it' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l file-name -d 'What it is called at the other end' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l template-name -d 'A template that Meta has approved' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l language -d 'Its language: es, pt_BR' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l param -d 'A value for its body, by order or name; =a=b is the value a=b' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l location -d 'A place on the map, in degrees' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l place -d 'What the place is called' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l default-country -d 'Where numbers without + belong, such as BR' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l data -d 'Any JSON, @FILE or - (stdin); with "to" and no --name, a message' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l name -d 'The name of the job' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l durability -d 'When it counts: fast, replicated[:N] or fsync' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l cron -d 'Minute, hour, day of the month, month and weekday, with seconds in front of them if there are six; or @daily' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l every -d 'Every so often, from now on: 15m, 1h, 1d' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l at -d 'Once: 2026-12-01T09:00:00Z, \'2026-12-01 09:00\', \'tomorrow 09:00\', \'in 2h\'' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l offset -d 'With --every: so long after each multiple of it, counted in UTC, instead of from now on' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l from -d 'Not before this moment' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l until -d 'Not after this moment' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l limit -d 'So many times in all' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l priority -d 'urgent, high, normal, low, or a number: lower runs first, 0 before all others [default: normal]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l attempts -d 'How often it may be tried' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l backoff -d 'What a failed attempt waits for; fixed:1s, or with a random part of 0 to 1: exponential:2s:0.5' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l remove-on-complete -d 'Keep only the last N completed jobs; true: remove at once; false: keep all [default: as the worker says]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l remove-on-fail -d 'The same for failed jobs [default: false]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l dry-run -d 'Check everything, change nothing'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l limit -d 'The most to show' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l cursor -d 'Go on where the last page ended' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l watch -d 'Look again every so often' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l dry-run -d 'Say what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l dry-run -d 'Check everything, add nothing'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from run-now" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -s n -l runs -d 'How many runs' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l after -d 'Those after this moment, rather than after now' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand schedule; and __fish_seen_subcommand_from next" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -f -a "list" -d 'List the queues with their counts'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -f -a "show" -d 'Show one queue'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -f -a "pause" -d 'Nobody takes from these queues any more, Node\'s workers neither; what runs goes on'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -f -a "resume" -d 'Let them go on'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -f -a "drain" -d 'Remove everything that waits'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -f -a "set" -d 'Set limits that every worker keeps'
complete -c wq -n "__fish_wq_using_subcommand queues; and not __fish_seen_subcommand_from list show pause resume drain set obliterate" -f -a "obliterate" -d 'Destroy a paused queue with everything in it'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l watch -d 'Look again every so often' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l watch -d 'Look again every so often' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l dry-run -d 'Say what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l dry-run -d 'Say what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l delayed -d 'And what is delayed'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l dry-run -d 'Say how much there is, and remove nothing'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from drain" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l rate -d 'The most in a time: 80/m, 100/s, 2/500ms, or none; kept by wq workers' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l concurrency -d 'The most that run at once over all workers, or none; kept by Node\'s workers too' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l dry-run -d 'Show how the queue would be, and change nothing'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l force -d 'Even while workers have jobs'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l dry-run -d 'Say how much there is, and destroy nothing'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand queues; and __fish_seen_subcommand_from obliterate" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "list" -d 'List jobs, next to run first, finished ones newest first'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "get" -d 'Show one job with everything that is known of it'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "retry" -d 'Put finished jobs back in line, with all their attempts'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "promote" -d 'Let delayed jobs run now'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "update" -d 'Change what one job says, how urgent it is, or when it is due: everything or nothing'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "remove" -d 'Remove jobs, parents with all their children; their ids may be added again'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "clean" -d 'Remove old jobs of one state; a campaign file sent again still adds none of them'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "note" -d 'Write a line into the log of a job; a command that runs by `--via exec` can, too'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "progress" -d 'Say how far a job is, for boards and programs that listen'
complete -c wq -n "__fish_wq_using_subcommand jobs; and not __fish_seen_subcommand_from list get retry promote update remove clean note progress logs" -f -a "logs" -d 'Print the log lines of a job'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l state -d 'Only these states [default: all]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l where -d 'Only jobs for which this holds: \'age>1h reason~"timeout" data.to^=+55\'' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l limit -d 'The most to show' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l cursor -d 'Go on where the last page ended' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l scan-limit -d 'The most to look at for a filter' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l watch -d 'Look again every so often' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l logs -d 'Its log lines too, on stderr'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l tree -d 'Where it and all its children are, one line each'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l where -d 'Those for which this holds: \'reason~"timeout" age<1d\'' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l scan-limit -d 'The most to look at for --where and --all' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l state -d 'Of which state' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l all -d 'All of them'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l dry-run -d 'Show what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l keep-attempts -d 'One more attempt only, as Bull Board gives'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l where -d 'Those for which this holds: \'reason~"timeout" age<1d\'' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l scan-limit -d 'The most to look at for --where and --all' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l all -d 'All of them'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l dry-run -d 'Show what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l data -d 'The new data: JSON, @FILE, or - for standard input; a worker that has the job goes on with the old' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l priority -d 'urgent, high, normal, low, or a number: lower runs first, 0 before all others' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l delay -d 'Due so long from now; only while it is delayed' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l at -d 'Due at this moment; only while it is delayed' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l lifo -d 'To the front of its new line'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l dry-run -d 'Check everything, change nothing'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l where -d 'Those for which this holds: \'reason~"timeout" age<1d\'' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l scan-limit -d 'The most to look at for --where and --all' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l all -d 'All of them'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l dry-run -d 'Show what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l state -d 'Of which state' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l older-than -d 'Finished (else: added) at least so long ago' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l limit -d 'The most to remove' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l dry-run -d 'Say how many there are, and remove none'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from clean" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from note" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from progress" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand jobs; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -f -a "list" -d 'List dead letters, newest first, or count them by something'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -f -a "show" -d 'Show one with everything that is known of it'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -f -a "retry" -d 'Put them back in line, with all their attempts'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -f -a "resolve" -d 'Say of one whether it was sent, when nobody knew: then it is completed, or goes back in line'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -f -a "clean" -d 'Remove old ones, but none that may have been sent'
complete -c wq -n "__fish_wq_using_subcommand dlq; and not __fish_seen_subcommand_from list show retry resolve clean export" -f -a "export" -d 'Write them to a file: .csv, or one JSON object a line'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l where -d 'Only jobs for which this holds: \'age>1h reason~"timeout" data.to^=+55\'' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l limit -d 'The most to show' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l cursor -d 'Go on where the last page ended' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l scan-limit -d 'The most to look at for a filter' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l by -d 'Count them instead' -r -f -a "reason\t'The first line of the reason'
name\t'The name of the job'
day\t'The day they failed, UTC'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l watch -d 'Look again every so often' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l uncertain -d 'Those of which nobody knows whether they were sent, oldest first, also when somebody else removed or retried the job'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l where -d 'Those for which this holds: \'reason~"timeout" age<1d\'' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l scan-limit -d 'The most to look at for --where and --all' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l all -d 'All of them'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l dry-run -d 'Show what would be done, and do nothing'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l keep-attempts -d 'One more attempt only, as Bull Board gives'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l include-uncertain -d 'Those too that may have been sent already: they may arrive twice'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l sent -d 'It was sent; the provider\'s id of the message, if known' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l not-sent -d 'It was not sent: it goes back in line, under a new key for the receiver'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l older-than -d 'Failed at least so long ago' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l limit -d 'The most to remove' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l dry-run -d 'Say how many there are, and remove none'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from clean" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l where -d 'Only those for which this holds: \'reason~"timeout" age<1d\'' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l force -d 'Replace the file'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand dlq; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand metrics" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand metrics" -l watch -d 'Look again every so often' -r
complete -c wq -n "__fish_wq_using_subcommand metrics" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand metrics" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand metrics" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand metrics" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand metrics" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand metrics" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand metrics" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand metrics" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand metrics" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand metrics" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand metrics" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand metrics" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand metrics" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand metrics" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand metrics" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand metrics" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand metrics" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand events" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l from -d 'Begin after this event; 0 is the oldest kept, $ only new ones' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l type -d 'Only these kinds' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l limit -d 'Stop after so many' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand events" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand events" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand events" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand events" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand events" -l no-follow -d 'Stop when all that is there was printed'
complete -c wq -n "__fish_wq_using_subcommand events" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand events" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand events" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand events" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand events" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand events" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand events" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand events" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand workers; and not __fish_seen_subcommand_from list" -f -a "list" -d 'List the connected workers, ours and Node\'s'
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -s Q -l queue -d 'Only this queue [default: all]' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l watch -d 'Look again every so often' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand workers; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "start" -d 'Start it, or say where it runs'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "stop" -d 'Save and end it; a server that wq did not start is refused'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "restart" -d 'Stop and start it'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "status" -d 'Whether it runs, and how it does'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "logs" -d 'Its log'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "cli" -d 'Run one command, or ask for commands until the input ends'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "monitor" -d 'Show every command that any client sends'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "info" -d 'What it says of itself'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "flush" -d 'Remove every key of one database; only of a server that wq started'
complete -c wq -n "__fish_wq_using_subcommand redis; and not __fish_seen_subcommand_from start stop restart status logs cli monitor info flush backup" -f -a "backup" -d 'Copy its data into one file, which any Redis can load'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l port -d 'Port on 127.0.0.1 [default: 6379]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l server-bin -d 'The server to run [default: valkey-server or redis-server in PATH]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l maxmemory -d 'The most memory it takes for data [default: 2gb]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l foreground -d 'Become the server, for service managers'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l port -d 'Port on 127.0.0.1 [default: 6379]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l server-bin -d 'The server to run [default: valkey-server or redis-server in PATH]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l maxmemory -d 'The most memory it takes for data [default: 2gb]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l foreground -d 'Become the server, for service managers'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -s n -l lines -d 'How many lines from its end' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -s f -l follow -d 'Go on as it grows'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from cli" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l limit -d 'Stop after so many' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l for -d 'Stop after so long' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from monitor" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l dry-run -d 'Say what would be removed'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from flush" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l data -d 'Folder of the server\'s data; each has a server of its own [default: the user\'s data folder]' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l force -d 'Replace the file'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand redis; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l listen -d 'On loopback; port 0 is a free one' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l instance -d 'Evolution\'s instance' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l phone-number-id -d 'Meta\'s business number' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l own-number -d 'The number that messages come from' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l template -d 'A template of Meta\'s and how many parameters its body wants, or the code it is refused with; without any, all are good' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l journal -d 'Write one line for each accepted message, before it is answered; numbers are whole, the file is for you alone (0600)' -r -F
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l refusals -d 'Write one line for each send that a fault kept from being accepted, before it is answered (0600 as well)' -r -F
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l seed -d 'Decides all lots: the same messages meet the same fate' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l latency -d 'How long an answer takes' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l error -d 'A share of sends goes wrong so; CODE as below' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l drop-answers -d 'A share is accepted, but not answered' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l error-for -d 'Sends to this number go wrong so; CODE:2 is twice only' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l retry-after -d 'What Retry-After says with 429 and 503' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l webhook -d 'Where webhooks go; Meta\'s are signed' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l webhook-header -d 'Sent with each of them; Evolution\'s `jwt_key` becomes a token' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l deliver-after -d 'From the acceptance to delivered' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l read-after -d 'From delivered to read' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l reply-after -d 'From read to a reply that quotes the message' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l read-rate -d 'How many of the delivered are read' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l reply-rate -d 'How many of the delivered are replied to' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l fail-later -d 'A share of the accepted fails later, with this code of Meta\'s' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l swap-webhooks -d 'A share of webhooks comes out of order' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l double-webhooks -d 'A share of webhooks comes twice' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l webhook-retry-after -d 'Before one not taken comes again; doubles' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l plain-numbers -d 'No number is special by its end'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -f -a "check" -d 'Count what a journal holds; exit 6 when a message was accepted twice'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and not __fish_seen_subcommand_from check codes" -f -a "codes" -d 'List what can go wrong, by its code, and the numbers that always meet it'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l expect -d 'Exit 6 also unless so many different messages were accepted' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand sandbox; and __fish_seen_subcommand_from codes" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand doctor" -s Q -l queue -d 'Which queue [default: whatsapp]' -r
complete -c wq -n "__fish_wq_using_subcommand doctor" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand doctor" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand doctor" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand doctor" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand doctor" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand doctor" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand doctor" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand doctor" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand doctor" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand doctor" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand doctor" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand doctor" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand doctor" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand doctor" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand doctor" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand doctor" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand bench" -l jobs -d 'Jobs to add and to work off, such as 100k; slow workloads take a share of it' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -l only -d 'Only these: add, add-one, drain, handler, pickup, delayed, limiter' -r -f -a "add\t'Many jobs, as `wq bulk` adds them: without priority and ledger, then with both'
add-one\t'One job after the other, each answered before the next'
drain\t'Work off what waits, with --via log: completed jobs kept, then removed'
handler\t'A send that takes 20 ms, as a share of what the same process reaches without a queue'
pickup\t'One job into an idle queue, until it starts'
delayed\t'How late delayed jobs start'
limiter\t'How evenly a rate of 100 a second is kept'"
complete -c wq -n "__fish_wq_using_subcommand bench" -l concurrency -d 'Sends at a time, drained one after the other' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -l waiting -d 'So many more jobs wait behind those that are drained, such as 1m' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand bench" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand bench" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand bench" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand bench" -l by-command -d 'Show where the server\'s time goes instead: calls and microseconds a job of each command'
complete -c wq -n "__fish_wq_using_subcommand bench" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand bench" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand bench" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand bench" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand bench" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand bench" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand bench" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand bench" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand completions" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand completions" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand completions" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand completions" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand completions" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand completions" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand completions" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand completions" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand completions" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand completions" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand completions" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand completions" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand completions" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand completions" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand completions" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand completions" -s h -l help -d 'Print help'
complete -c wq -n "__fish_wq_using_subcommand version" -l redis -d 'Where Redis is: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… or <unix:///PATH>; of a cluster HOST:PORT,HOST:PORT' -r
complete -c wq -n "__fish_wq_using_subcommand version" -l prefix -d 'First part of every key [default: bull]' -r
complete -c wq -n "__fish_wq_using_subcommand version" -s o -l output -d 'table, wide, json, ndjson, csv, tsv or yaml [default: table on a terminal, else tsv]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'For people, nothing cut'
json\t'One object: schema, data, page'
ndjson\t'One object a line'
csv\t'With a header; cells that a spreadsheet would run are guarded'
tsv\t'With a header; tabs and line ends are escaped'
yaml\t'Like json, for people'"
complete -c wq -n "__fish_wq_using_subcommand version" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal that can'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c wq -n "__fish_wq_using_subcommand version" -l timeout -d 'How long Redis may take to answer [default: 10s]' -r
complete -c wq -n "__fish_wq_using_subcommand version" -l tz -d 'Zone of the times that you write and read [default: the system\'s]' -r
complete -c wq -n "__fish_wq_using_subcommand version" -l config -d 'Read settings from this file alone' -r -F
complete -c wq -n "__fish_wq_using_subcommand version" -l profile -d 'Settings of this profile, [profiles.NAME] in wq.toml, come before the others there' -r
complete -c wq -n "__fish_wq_using_subcommand version" -l confirm -d 'The name of a protected profile, for what destroys' -r
complete -c wq -n "__fish_wq_using_subcommand version" -l cluster -d 'Redis is a cluster; the queue or the prefix needs a hash tag, such as {whatsapp}'
complete -c wq -n "__fish_wq_using_subcommand version" -l json -d 'Short for --output json'
complete -c wq -n "__fish_wq_using_subcommand version" -s q -l quiet -d 'Print ids alone, no notes and no progress'
complete -c wq -n "__fish_wq_using_subcommand version" -s v -l verbose -d 'Say more on stderr; -vv and -vvv still more'
complete -c wq -n "__fish_wq_using_subcommand version" -s y -l yes -d 'Answer yes to every question'
complete -c wq -n "__fish_wq_using_subcommand version" -l no-input -d 'Never ask; a question is refused instead'
complete -c wq -n "__fish_wq_using_subcommand version" -l raw-csv -d 'CSV cells that a spreadsheet would run as formulas are left as they are'
complete -c wq -n "__fish_wq_using_subcommand version" -s h -l help -d 'Print help'

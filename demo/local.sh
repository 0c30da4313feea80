#!/bin/sh
# The same as `aq demo`, with commands that a person could type. Needs git and aq on PATH (or AQ=path).
# Prints what happens and ends with 0 if every job ended where it should.
set -eu

AQ=${AQ:-aq}
here=$(cd "$(dirname "$0")" && pwd)
top=${1:-$(mktemp -d)}
project=$top/project

# Worktrees and trust of this try-out stay inside its folder.
XDG_STATE_HOME=$top/state
XDG_CONFIG_HOME=$top/config
export XDG_STATE_HOME XDG_CONFIG_HOME

# A repository with one commit, and a branch to merge into that is not checked out.
mkdir -p "$project"
cd "$project"
printf '# A demonstration\n' > README.md
git init -q -b main .
git add README.md
git -c user.name=demo -c user.email=demo@localhost commit -qm 'the first commit'
git branch trunk

# A queue, and a dozen manifests dropped into its inbox.
"$AQ" init
cp "$here"/jobs/*.md queue/inbox/

# Agents work until nothing is ready. Retries and limits are parked for a few seconds: look again.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
  "$AQ" agent --once --slots 4 || true
  "$AQ" ls --plain 'stage:queued,assigned,building' | grep -q . || break
  sleep 1
done

# What a person does: look at the proposal, say yes, ship it.
"$AQ" diff reviewed --stat
"$AQ" approve reviewed --rev "$(git rev-parse "$(git branch --list 'aq/job/ask-a-person*' --format '%(refname)')")" -m 'looks good'
"$AQ" ship reviewed --yes
"$AQ" explain waiting

echo
"$AQ" ls --all
# The state of a job is the folder its file is in.
ls queue/shipped queue/failed queue/review queue/testing queue/inbox

for name in greeting lexer parser report flaky limit daemon release reviewed; do
  test -f "queue/shipped/$name.md" || { echo "$name is not shipped"; exit 1; }
done
test -f queue/failed/broken.md
test -f queue/review/unproven.md
test -f queue/inbox/waiting.md
git show trunk:report.txt | grep -q "9 words, and hello"
echo "all as it should be; remove it: rm -r $top"
